using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>The bundled model, packed once for all tests that only read it.</summary>
public sealed class PackedModelFixture : IDisposable
{
    public const string Name = "packed model";

    private readonly PackedModel _packed = new(BundledModel.Folder);

    public string Image => _packed.Folder;

    public void Dispose() => _packed.Dispose();
}

/// <summary>One collection: engines side by side would share two cores, and gain nothing.</summary>
[CollectionDefinition(PackedModelFixture.Name)]
public sealed class PackedModelGroup : ICollectionFixture<PackedModelFixture>;
