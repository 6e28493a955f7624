using System.Reflection;
using Xunit.Sdk;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>The setups of <see cref="TokenMatrix"/>, by number, with their words for the test's name.</summary>
public sealed class TokenSetupsAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) =>
        TokenMatrix.Setups.Select((setup, number) => new object[] { number, setup.ToString() });
}
