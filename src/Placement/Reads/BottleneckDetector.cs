namespace Neuralink.Placement.Reads;

/// <summary>
/// Whether the device is bound by bandwidth, so that reading through gaps costs time instead of saving it: the bottleneck detector of Neuralink (arXiv
/// 2410.19274), section "Online stage: access collapse".
/// <para>
/// Bandwidth near the device's ceiling is a suspicion, no proof: at the ceiling bridges may still save more reads than their bytes cost, and
/// without bridges bandwidth falls in any case, so that a rule about bandwidth alone would switch to and fro. A suspicion therefore only starts a trial: for a
/// window of busy time the other way of reading is used, and it stays if it then brings more wanted bundles a microsecond. Each trial that fails doubles the busy
/// time until the next, so that whatever the device does, switching to and fro ends, and a trial too many costs next to nothing.
/// </para>
/// <para>
/// The ceiling is learned: up to what was reached, and slowly down to what is reached while gaps are bridged, for a device that is slower than its profile. Down
/// too far is no harm, as trials decide. Time is what it is told, so that a simulation may drive it.
/// </para>
/// </summary>
/// <param name="bytesPerMicroMax">The ceiling to begin with, in bytes a microsecond: <see cref="Cost.ReadCost.BytesPerMicroMax"/>.</param>
public sealed class BottleneckDetector(double bytesPerMicroMax)
{
    /// <summary>Share of the ceiling from which on a device that bridges is suspected to be bound by bandwidth.</summary>
    public const double EnterShare = 0.9;

    /// <summary>Share of the ceiling below which a device that does not bridge is suspected not to be.</summary>
    public const double LeaveShare = 0.7;

    /// <summary>Busy time over which bandwidth is taken, and that a trial lasts: some hundred reads, a few tokens.</summary>
    public const double WindowMicros = 50_000;

    /// <summary>The longest busy time between trials: with it trials take less than half a percent.</summary>
    public const double PatienceMicrosMax = 256 * WindowMicros;

    // The busy time in which the ceiling comes down most of the way.
    private const double CeilingMicros = 40 * WindowMicros;

    // Windows differ by a few percent with what tokens want.
    private const double TrialGainMin = 1.05;

    private double _ceiling = bytesPerMicroMax;
    private double _bytes, _bundles, _micros;       // of the window, the past forgotten exponentially
    private double _seenMicros;                     // since the last switch
    private double _patienceMicros = WindowMicros;
    private double _defended;                       // wanted bundles a microsecond of the way that is on trial against the other
    private bool _onTrial;
    private bool _switched;

    /// <summary>Whether gaps are better not read through.</summary>
    public bool IsBandwidthBound { get; private set; }

    /// <summary>Takes in an interval during which the device was busy.</summary>
    /// <param name="bytes">Bytes read.</param>
    /// <param name="wantedBundles">Bundles read because they were wanted.</param>
    /// <param name="busyMicros">Its length, 0 or more.</param>
    public void Record(long bytes, int wantedBundles, double busyMicros)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(busyMicros);
        if (_switched)
        {
            _switched = false;      // these reads were planned before
            return;
        }
        double kept = Math.Exp(-busyMicros / WindowMicros);
        _bytes = (_bytes * kept) + bytes;
        _bundles = (_bundles * kept) + wantedBundles;
        _micros = (_micros * kept) + busyMicros;
        _seenMicros += busyMicros;
        if (_seenMicros < WindowMicros)
            return;
        if (_onTrial)
            EndTrial();
        else
            Watch(busyMicros);
    }

    private void Watch(double busyMicros)
    {
        double bandwidth = _bytes / _micros;
        _ceiling = Math.Max(_ceiling, bandwidth);
        if (!IsBandwidthBound)
            _ceiling = bandwidth + ((_ceiling - bandwidth) * Math.Exp(-busyMicros / CeilingMicros));
        bool suspected = IsBandwidthBound ? bandwidth < LeaveShare * _ceiling : bandwidth >= EnterShare * _ceiling;
        if (!suspected || _seenMicros < _patienceMicros)
            return;
        _defended = _bundles / _micros;
        _onTrial = true;
        Switch();
    }

    private void EndTrial()
    {
        _onTrial = false;
        if (_bundles / _micros > TrialGainMin * _defended)
        {
            _patienceMicros = WindowMicros;
            return;
        }
        _patienceMicros = Math.Min(2 * _patienceMicros, PatienceMicrosMax);
        Switch();
    }

    private void Switch()
    {
        IsBandwidthBound = !IsBandwidthBound;
        (_bytes, _bundles, _micros, _seenMicros) = (0, 0, 0, 0);
        _switched = true;
    }
}
