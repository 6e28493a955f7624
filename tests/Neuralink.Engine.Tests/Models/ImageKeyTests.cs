using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Models;

/// <summary>Whatever decides what a model does belongs into its image's key, and so does its absence.</summary>
public sealed class ImageKeyTests : IDisposable
{
    private readonly RandomModel _random = new(RandomModels.ByName("llama-tied-f16"));

    public static TheoryData<string> Settings => new(HuggingFaceFiles.Settings);

    public void Dispose() => _random.Dispose();

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_file_of_settings_counts_there_or_not(string name)
    {
        string path = Path.Combine(Folder, name);
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
            File.CreateSymbolicLink(path, Path.Combine(Folder, "nowhere", "at all"));
            Key().Should().Be(absent, "a link that leads nowhere is no file");
        }
    }

    [Fact]
    public void Other_files_do_not_count()
    {
        string key = Key();
        File.WriteAllText(Path.Combine(Folder, "README.md"), "text");
        Key().Should().Be(key);
    }

    private string Folder => _random.Folder;

    private string Key() => ImageKey.Of(CheckpointFiles.Of(Folder), "f16");
}
