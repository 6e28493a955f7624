namespace Neuralink.Placement.Reads;

/// <summary>
/// Decides whether bandwidth limits the device, so that reading through gaps costs time instead of saving it. This is the bottleneck
/// detector of Neuralink (arXiv 2410.19274), section "Online stage: access collapse".
/// <para>
/// Bandwidth near the device's ceiling is a suspicion, not a proof: bridges may still save more reads than their bytes cost. And
/// without bridges bandwidth falls in any case, so that a rule about bandwidth alone would keep switching back and forth. So a
/// suspicion only starts a trial. For a window of busy time, the other way of reading is used. It stays if it brings more wanted
/// bundles a microsecond. Each failed trial doubles the busy time until the next one. So the switching ends whatever the device does,
/// and a needless trial costs almost nothing.
/// </para>
/// <para>
/// The ceiling is learned. It rises to the bandwidth that was reached. While gaps are bridged, it slowly falls to the bandwidth that is
/// reached, for a device that is slower than its profile. A ceiling that is too low does no harm, because trials decide. The detector has
/// no clock of its own, so that a simulation can drive it.
/// </para>
/// </summary>
/// <param name="bytesPerMicroMax">The first ceiling, in bytes a microsecond: <see cref="Cost.ReadCost.BytesPerMicroMax"/>.</param>
public sealed class BottleneckDetector(double bytesPerMicroMax)
{
    /// <summary>While gaps are bridged, at least this share of the ceiling raises the suspicion that bandwidth limits the device.</summary>
    public const double EnterShare = 0.9;

    /// <summary>
    /// While gaps are not bridged, less than this share of the ceiling raises the suspicion that bandwidth no longer does.
    /// </summary>
    public const double LeaveShare = 0.7;

    /// <summary>The busy time over which bandwidth is measured, and that a trial lasts: some hundred reads, or a few tokens.</summary>
    public const double WindowMicros = 50_000;

    /// <summary>The longest busy time between trials. With it, trials take less than half a percent of the time.</summary>
    public const double PatienceMicrosMax = 256 * WindowMicros;

    // The busy time in which the ceiling falls most of the way.
    private const double CeilingMicros = 40 * WindowMicros;

    // Windows differ by a few percent, because tokens want different numbers of neurons.
    private const double TrialGainMin = 1.05;

    private double _ceiling = bytesPerMicroMax;
    private double _bytes, _bundles, _micros;       // sums over the window; older intervals fade exponentially
    private double _seenMicros;                     // busy time since the last switch
    private double _patienceMicros = WindowMicros;
    private double _bundlesPerMicroBefore;          // wanted bundles a microsecond before the trial
    private bool _onTrial;
    private bool _switched;

    /// <summary>Whether bandwidth limits the device, so that gaps should not be read through.</summary>
    public bool IsBandwidthBound { get; private set; }

    /// <summary>Records an interval during which the device was busy.</summary>
    /// <param name="bytes">Bytes read.</param>
    /// <param name="wantedBundles">Bundles read because they were wanted.</param>
    /// <param name="busyMicros">The length of the interval, 0 or more.</param>
    public void Record(long bytes, int wantedBundles, double busyMicros)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(busyMicros);
        if (_switched)
        {
            _switched = false;      // these reads were planned before the switch
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
        _bundlesPerMicroBefore = _bundles / _micros;
        _onTrial = true;
        Switch();
    }

    private void EndTrial()
    {
        _onTrial = false;
        if (_bundles / _micros > TrialGainMin * _bundlesPerMicroBefore)
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
