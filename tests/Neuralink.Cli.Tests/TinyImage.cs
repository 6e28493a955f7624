using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>
/// A model of a few kilobytes and its image, for tests of what commands do around a model: both are made in milliseconds.
/// </summary>
public sealed class TinyImage : IDisposable
{
    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _packed;

    public TinyImage() => _packed = new PackedModel(_model.Folder);

    /// <summary>The Hugging Face folder.</summary>
    public string Source => _model.Folder;

    public string Image => _packed.Folder;

    public void Dispose()
    {
        _packed.Dispose();
        _model.Dispose();
    }
}
