using Neuralink.Hosting;
using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Benchmarks.Serving;

/// <summary>
/// What goes wrong with flash during a soak: single reads that fail or come damaged, which are repeated and harm nobody; and now and then a
/// part of the file that cannot be read for a moment, which ends whoever needs it.
/// </summary>
internal sealed class SoakFaults
{
    private const int StretchBytes = 256 << 10;
    private const int SecondsBetween = 7;

    private readonly TimeProvider _time;
    private readonly Random _random = new(1);
    private readonly Lock _gate = new();
    private readonly List<(long From, long To)> _windows = [];      // when a part of the file could not be read
    private long _broken = -1;
    private long _lengthBytes;
    private int _seconds;

    public SoakFaults(TimeProvider time)
    {
        _time = time;
        Decorator = new FlashDecorator(inner =>
        {
            _lengthBytes = inner.LengthBytes;
            return new FaultInjectingDevice(inner, Plan);
        });
    }

    /// <summary>Puts the faults into the server's engine.</summary>
    public FlashDecorator Decorator { get; }

    /// <summary>Called once a second: a part breaks, or is whole again.</summary>
    public void Next()
    {
        lock (_gate)
        {
            bool breaks = ++_seconds % SecondsBetween == 0;
            if (_broken >= 0)
                _windows[^1] = (_windows[^1].From, _time.GetTimestamp());
            _broken = breaks ? _random.NextInt64(_lengthBytes) : -1;
            if (breaks)
                _windows.Add((_time.GetTimestamp(), long.MaxValue));
        }
    }

    /// <summary>Nothing breaks any more.</summary>
    public void End()
    {
        lock (_gate)
            _broken = -1;
    }

    /// <summary>Whether something was broken at some time from <paramref name="from"/> until now.</summary>
    public bool WasBrokenSince(long from)
    {
        lock (_gate)
            return _windows.Exists(window => window.To >= from);
    }

    private FlashFault? Plan(long number, FlashRead read)
    {
        long broken = Volatile.Read(ref _broken);
        if (broken >= 0 && read.OffsetBytes < broken + StretchBytes && read.OffsetBytes + read.LengthBytes > broken)
            return new FlashFault.Fail();
        return (number % 5003) switch
        {
            17 => new FlashFault.Fail(),
            1009 => new FlashFault.FlipBit(100),
            2003 => new FlashFault.ShortRead(512),
            _ => null,
        };
    }
}
