namespace Neuralink.Studies.Measuring;

/// <summary>What came of one combination.</summary>
/// <param name="Variant">How the engine was to be opened.</param>
/// <param name="Subject">How it was.</param>
/// <param name="Protocol">What was in memory when a run began.</param>
/// <param name="Test">What was timed.</param>
/// <param name="Started">When the first counted run began.</param>
/// <param name="Runs">The counted runs, at least one.</param>
public sealed record BenchResult(
    BenchVariant Variant, BenchSubject Subject, BenchProtocol Protocol, BenchTest Test, DateTimeOffset Started,
    IReadOnlyList<MeasuredRun> Runs)
{
    /// <summary>What the runs come to.</summary>
    public RunMetrics Metrics { get; } = new(Runs, Subject.StrideBytes);
}
