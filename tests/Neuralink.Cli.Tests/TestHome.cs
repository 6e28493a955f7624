using System.Text;
using Neuralink.Cli.Terminal;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests;

/// <summary>A user's home in a temporary folder, and the command run in it, inside this process.</summary>
public sealed class TestHome : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("neuralink-cli-").FullName;

    /// <summary>The command's own part of the user's cache folder.</summary>
    public string Cache => Path.Combine(Folder, "cache", "neuralink");

    /// <summary>The images in the cache, and whatever packing left behind.</summary>
    public string[] Cached => Directory.Exists(Cache) ? Directory.GetDirectories(Cache) : [];

    // A text that is sampled is the same in every run of the tests.
    private const ulong Seed = 1;

    /// <summary>Longer than any test: what is said on the way must not depend on how fast a machine is.</summary>
    internal static TimeSpan ProgressPause { get; } = TimeSpan.FromDays(1);

    /// <summary>Gives the command other surroundings than the usual.</summary>
    internal Func<Surroundings, Surroundings> Change { get; set; } = surroundings => surroundings;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public Task<CliResult> RunAsync(params string[] args) => RunAsync("", args);

    public Task<CliResult> RunAsync(string input, string[] args, TextWriter? output = null, CancellationToken cancellation = default) =>
        RunAsync(Encoding.UTF8.GetBytes(input), args, output, cancellation);

    public async Task<CliResult> RunAsync(byte[] input, string[] args, TextWriter? output = null, CancellationToken cancellation = default)
    {
        output ??= new StringWriter();
        using StringWriter error = new();
        output.NewLine = error.NewLine = "\n";
        using MemoryStream bytes = new(input);
        Surroundings surroundings = new()
        {
            In = bytes,
            Out = output,
            Error = error,
            Variable = Variable,
            NewSeed = static () => Seed,
            ProgressPause = ProgressPause,
        };
        int code = await NeuralinkCommand.RunAsync(args, Change(surroundings), cancellation);
        return new CliResult(code, output.ToString() ?? "", error.ToString());
    }

    /// <summary>A copy of the bundled model, or of another.</summary>
    public string CopyModel(string name = "model", string? source = null)
    {
        string folder = Directory.CreateDirectory(PathOf(name)).FullName;
        foreach (string file in (string[])["config.json", "model.safetensors", "tokenizer.json"])
            File.Copy(Path.Combine(source ?? BundledModel.Folder, file), Path.Combine(folder, file));
        return folder;
    }

    /// <summary>A copy of a packed image.</summary>
    public string CopyImage(string image)
    {
        string folder = Directory.CreateDirectory(PathOf("copy.nlk")).FullName;
        foreach (string file in Directory.GetFiles(image))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // What each platform's cache folder hangs on.
    private string? Variable(string name) => name switch
    {
        "XDG_CACHE_HOME" or "LOCALAPPDATA" => Path.Combine(Folder, "cache"),
        "HOME" => Folder,
        _ => null,
    };
}

/// <summary>What a run of the command gave.</summary>
public sealed record CliResult(int Code, string Out, string Error)
{
    private const string ErrorMark = "neuralink: error:";

    /// <summary>The command failed as every failure must: a code, one line, no stack trace.</summary>
    public void ShouldFail(int code, params string[] parts)
    {
        Code.Should().Be(code, "of {0}", Error);
        string[] lines = Error.TrimEnd().Split('\n');
        lines.Where(line => line.StartsWith(ErrorMark, StringComparison.Ordinal)).Should().ContainSingle();
        lines[^1].Should().StartWith(ErrorMark);
        Error.Should().NotContain("   at ");
        foreach (string part in parts)
            lines[^1].Should().Contain(part);
    }
}

/// <summary>Damages files.</summary>
internal static class Damage
{
    /// <summary>Flips the bits of one byte.</summary>
    public static void Flip(string path, long offset)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)~value);
    }

    public static void Replace(string path, string what, string by)
    {
        string text = File.ReadAllText(path);
        text.Should().Contain(what);
        File.WriteAllText(path, text.Replace(what, by, StringComparison.Ordinal));
    }

    public static string Manifest(string image) => Path.Combine(image, ImageManifest.FileName);
}
