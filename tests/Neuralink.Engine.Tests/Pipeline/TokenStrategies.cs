namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>The strategies that a freshly packed image can be run with; those defined over another order have tests of their own.</summary>
internal static class TokenStrategies
{
    public static IReadOnlyList<ExecutionStrategy> OverAnyOrder { get; } =
        [
            .. Enum.GetValues<ExecutionStrategy>()
                .Where(s => StrategySwitches.Of(s).Order is null or Placement.Ordering.PlacementMethod.Identity)
        ];
}
