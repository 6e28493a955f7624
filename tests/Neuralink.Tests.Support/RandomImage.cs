namespace Neuralink.Tests.Support;

/// <summary>A random model packed, with a prompt and its greedy continuation; shared by the tests of a class.</summary>
public sealed class RandomImage : IDisposable
{
    /// <summary>Length of the continuation.</summary>
    public const int NewTokens = 8;

    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _packed;

    public RandomImage()
    {
        _packed = new PackedModel(_model.Folder);
        using DenseOracle oracle = new(_model.Folder);
        (Prompt, Tokens) = oracle.Clear(promptTokens: 23, NewTokens, marginMin: 0.03f);
    }

    public string Folder => _packed.Folder;

    public int[] Prompt { get; }

    public int[] Tokens { get; }

    public void Dispose()
    {
        _packed.Dispose();
        _model.Dispose();
    }
}
