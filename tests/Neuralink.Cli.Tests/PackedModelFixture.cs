using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>The bundled model, packed once for all tests that only read it.</summary>
public sealed class PackedModelFixture
{
    public const string Name = "packed model";

    public string Image { get; } = BundledModel.Image;
}

/// <summary>One collection: engines side by side would share two cores, and gain nothing.</summary>
[CollectionDefinition(PackedModelFixture.Name)]
public sealed class PackedModelGroup : ICollectionFixture<PackedModelFixture>;
