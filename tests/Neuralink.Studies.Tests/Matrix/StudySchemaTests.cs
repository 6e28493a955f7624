using System.Text;
using System.Text.Json;
using Json.Schema;
using Neuralink.Storage;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Running;

namespace Neuralink.Studies.Tests.Matrix;

public sealed class StudySchemaTests
{
    private static readonly JsonSchema s_schema = JsonSchema.FromText(StudySchema.Text);

    public static TheoryData<string> Embedded { get; } = [.. typeof(StudyPreset).Assembly.GetManifestResourceNames()
        .Where(name => name.EndsWith(".study.json", StringComparison.Ordinal)).Select(name => name[..^".study.json".Length])];

    [Theory]
    [MemberData(nameof(Embedded))]
    public void Every_embedded_preset_is_valid_and_listed_and_has_cells(string name)
    {
        IsValid(StudyPreset.Bytes(name)).Should().BeTrue();
        StudyPresets.Find(name)!.Load().Cells.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme" }]""", true)]
    [InlineData("""[{ "model": ["a.nlk", "b.nlk"], "device": ["nvme", "phone.json"], "is_measured": [true, false] }]""", true)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "cache_policy": [null, "lru"], "trace": null, "queue_depth": 8.0 }]""", true)]
    [InlineData("[]", false)]
    [InlineData("[[]]", false)]
    [InlineData("""[{ "model": "opt-1.3b" }]""", false)]
    [InlineData("""[{ "model": "", "device": "nvme" }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "floppy" }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "strategy": [] }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "strategy": "parallel" }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "strategy": null }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "computing": "abacus" }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "cache_share": 1.5 }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "tokens": 0 }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "is_measured": 1 }]""", false)]
    [InlineData("""[{ "model": "opt-1.3b", "device": "nvme", "colour": "red" }]""", false)]
    public void The_schema_and_the_reader_agree(string matrices, bool valid)
    {
        byte[] file = Encoding.UTF8.GetBytes(
            $$"""{ "format": "neuralink-study", "format_version": 1, "title": "T", "question": "Q", "matrices": {{matrices}} }""");

        IsValid(file).Should().Be(valid);
        IsRead(file).Should().Be(valid);
    }

    [Fact]
    public void Every_property_of_a_cell_is_a_key_and_every_metric_a_column()
    {
        StudyKeys.All.Select(key => key.Name).Should().BeEquivalentTo(NamesOf<StudyCell>());
        CellMetric.All.Select(metric => metric.Name).Should().BeEquivalentTo(NamesOf<CellResult>().Where(name => name != "timeline"));
    }

    private static IEnumerable<string> NamesOf<T>() => typeof(T).GetProperties()
        .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));

    private static bool IsValid(byte[] file)
    {
        using JsonDocument document = JsonDocument.Parse(file);
        return s_schema.Evaluate(document.RootElement).IsValid;
    }

    private static bool IsRead(byte[] file)
    {
        try
        {
            return StudyFile.Parse("mine", "mine.json", file).Cells.Count > 0;
        }
        catch (NeuralinkException)
        {
            return false;
        }
    }
}
