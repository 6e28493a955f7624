using System.Reflection;
using Xunit.Sdk;

namespace Neuralink.Actors.Tests.Pipeline;

/// <summary>Every combination of threads, cache share, strategy and queue depth that must not change a token.</summary>
public sealed class CombinatorialSetupsAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
        from threads in (int[])[1, 2]
        from cache in (double[])[0.02, 1.0]
        from strategy in TokenStrategies.OverAnyOrder
        from depth in (int[])[1, 64]
        select new object[] { threads, cache, strategy, depth };
}
