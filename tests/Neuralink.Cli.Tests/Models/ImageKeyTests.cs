using Neuralink.Cli.Models;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Files;

namespace Neuralink.Cli.Tests.Models;

/// <summary>Whatever decides what a model does belongs into its image's key, and so does its absence.</summary>
public sealed class ImageKeyTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _model;

    public ImageKeyTests() => _model = _home.CopyModel();

    public static TheoryData<string> Settings => new(HuggingFaceFiles.Settings);

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_file_of_settings_counts_there_or_not(string name)
    {
        string path = Path.Combine(_model, name);
        HashSet<string> keys = [Key()];
        foreach (string content in (string[])["", "{}", "{ }", "[1, 2]"])
        {
            File.WriteAllText(path, content);
            keys.Add(Key()).Should().BeTrue("of {0} with {1}", name, content);
        }
        File.Delete(path);
        keys.Add(Key()).Should().Be(name is HuggingFaceFiles.Config or TokenizerFiles.Json, "the others were not there before");
        if (!OperatingSystem.IsWindows())
        {
            string absent = Key();
            File.CreateSymbolicLink(path, _home.PathOf("nowhere"));
            Key().Should().Be(absent, "a link that leads nowhere is no file");
        }
    }

    [Fact]
    public void Other_files_do_not_count()
    {
        string key = Key();
        File.WriteAllText(Path.Combine(_model, "README.md"), "text");
        Key().Should().Be(key);
    }

    private string Key() => ImageKey.Of(_model, "f16");
}
