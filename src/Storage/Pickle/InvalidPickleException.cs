namespace Neuralink.Storage.Pickle;

/// <summary>What is wrong with a pickled checkpoint, before the file's name is known; <see cref="TorchFile"/> adds that.</summary>
internal sealed class InvalidPickleException : Exception
{
    public InvalidPickleException(string expected, string found, string? advice = null, Exception? inner = null)
        : base($"expected {expected}, found {found}", inner)
    {
        Expected = expected;
        Found = found;
        Advice = advice ?? "the file is damaged or no PyTorch checkpoint; get it again";
    }

    public string Expected { get; }

    public string Found { get; }

    public string Advice { get; }

    /// <summary>The error as the user sees it.</summary>
    public NeuralinkException About(string path) => new($"open {path}", Expected, Found, Advice, this);
}
