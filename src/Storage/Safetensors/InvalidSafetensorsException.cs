namespace Neuralink.Storage.Safetensors;

/// <summary>What is wrong with a header, before the file's name is known; <see cref="SafetensorsFile"/> adds that.</summary>
internal sealed class InvalidSafetensorsException : Exception
{
    public InvalidSafetensorsException(string expected, string found, Exception? inner = null)
        : base($"expected {expected}, found {found}", inner)
    {
        Expected = expected;
        Found = found;
    }

    public string Expected { get; }

    public string Found { get; }

    /// <summary>The error as the user sees it.</summary>
    public NeuralinkException About(string path) =>
        new($"open {path}", Expected, Found, "the file is damaged or not safetensors; get it again", this);
}
