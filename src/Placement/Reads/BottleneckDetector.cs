namespace Neuralink.Placement.Reads;

/// <summary>
/// Decides whether bandwidth limits the device, so that reading through gaps costs time instead of saving it. This is the bottleneck
/// detector of Neuralink (arXiv 2410.19274), section "Online stage: access collapse".
/// <para>
/// Bandwidth near the device's ceiling is a suspicion, not a proof: bridges may still save more reads than their bytes cost. And without
/// bridges bandwidth falls in any case, so that a rule about bandwidth alone would keep switching back and forth. So a suspicion only
/// starts a trial. In every second window of busy time the other way of reading is used, and what it brings is compared with the windows
/// before and after: layers want different numbers of neurons, and a disk's speed drifts, so that two windows alone would leave the
/// decision to chance. The other way stays if it brings more wanted bundles a microsecond than chance explains. Each failed trial doubles
/// the busy time until the next one. So the switching ends whatever the device does, and needless trials cost almost nothing.
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

    /// <summary>The busy time over which bandwidth is measured, and that each part of a trial lasts: some hundred reads.</summary>
    public const double WindowMicros = 50_000;

    /// <summary>The longest busy time between trials. With it, the other way takes three percent of the time at most.</summary>
    public const double PatienceMicrosMax = 256 * WindowMicros;

    // The busy time in which the ceiling falls most of the way.
    private const double CeilingMicros = 40 * WindowMicros;

    // Of a trial: it goes on until the gain is beyond chance, or too small to be worth more of it.
    private const int ComparisonsMin = 4, ComparisonsMax = 8;

    // A way that loses so much at once is not tried on.
    private const double LogLossMax = 0.2;

    private const double LogGainMin = 0.05, ErrorsMin = 2;

    // Windows differ by so much, because tokens want different numbers of neurons, whatever four of them say.
    private const double DeviationMin = 0.05;

    private double _ceiling = bytesPerMicroMax;
    private double _bytes, _bundles, _micros;       // sums over the window; older intervals fade exponentially
    private double _seenMicros;                     // busy time since the last switch
    private double _patienceMicros = WindowMicros;
    private double _before, _other;                 // log of the wanted bundles a microsecond, of the last windows of either way
    private int _comparisons;
    private double _gain, _squares;                 // sums over the trial's comparisons: log of what the other way brings more
    private bool _onTrial;
    private bool _isOther;                          // on trial, and the other way is used
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
            EndWindow();
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
        (_before, _onTrial, _isOther) = (LogBundlesPerMicro(), true, true);
        (_comparisons, _gain, _squares) = (0, 0, 0);
        Switch();
    }

    /// <summary>A window of a trial is over.</summary>
    private void EndWindow()
    {
        double now = LogBundlesPerMicro();
        if (_isOther)
        {
            (_other, _isOther) = (now, false);
            Switch();
            return;
        }
        double gain = _other - ((_before + now) / 2);
        (_before, _gain, _squares, _comparisons) = (now, _gain + gain, _squares + (gain * gain), _comparisons + 1);
        double mean = _gain / _comparisons;
        double deviation = Math.Max(DeviationMin, Math.Sqrt(Math.Max(0, (_squares / _comparisons) - (mean * mean))));
        bool isSure = mean > Math.Max(LogGainMin, ErrorsMin * deviation / Math.Sqrt(_comparisons));
        bool isHopeless = mean < -LogLossMax || (_comparisons >= ComparisonsMin && mean < LogGainMin / 2);
        if (isHopeless || (!isSure && _comparisons == ComparisonsMax))
        {
            _onTrial = false;
            _patienceMicros = Math.Min(2 * _patienceMicros, PatienceMicrosMax);
            _seenMicros = 0;
            return;
        }
        if (isSure && _comparisons >= ComparisonsMin)
            (_onTrial, _patienceMicros) = (false, WindowMicros);
        else
            _isOther = true;
        Switch();
    }

    // Where nothing wanted was read, a bundle, so that there is a logarithm.
    private double LogBundlesPerMicro() => Math.Log(Math.Max(1, _bundles) / Math.Max(1, _micros));

    private void Switch()
    {
        IsBandwidthBound = !IsBandwidthBound;
        (_bytes, _bundles, _micros, _seenMicros) = (0, 0, 0, 0);
        _switched = true;
    }
}
