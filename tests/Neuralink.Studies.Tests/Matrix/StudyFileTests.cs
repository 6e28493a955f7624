using System.Text;
using Neuralink.Storage;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Tests.Matrix;

public sealed class StudyFileTests
{
    private const string Matrix = "\"matrices\": [{ \"model\": \"opt-1.3b\", \"device\": \"nvme\",\n";

    private const string Head = """{ "format": "neuralink-study", "format_version": 1, "title": "T", "question": "Q",""";

    [Fact]
    public void A_matrix_is_every_combination_of_its_lists()
    {
        Study study = Parse("""
            "matrices": [{ "model": ["opt-1.3b", "opt-6.7b"], "device": ["nvme", "ufs-4.0"], "cache_share": [0, 0.1, 0.2] }] }
            """);

        study.Cells.Should().HaveCount(12).And.OnlyHaveUniqueItems();
        study.Cells[1].Should().Be(new StudyCell { Model = "opt-1.3b", Device = "nvme", CacheShare = 0.1 });
        study.Cells[^1].Should().Be(new StudyCell { Model = "opt-6.7b", Device = "ufs-4.0", CacheShare = 0.2 });
        (study.Name, study.Title, study.Question).Should().Be(("mine", "T", "Q"));
    }

    [Fact]
    public void A_cell_of_several_matrices_is_run_once()
    {
        Study study = Parse("""
            "matrices": [{ "model": "opt-1.3b", "device": ["nvme", "ufs-4.0"] }, { "model": "opt-1.3b", "device": ["nvme", "microsd"] }] }
            """);

        study.Cells.Select(cell => cell.Device).Should().Equal("nvme", "ufs-4.0", "microsd");
    }

    [Fact]
    public void What_a_strategy_does_not_have_makes_no_further_cells_of_it()
    {
        Study study = Parse("""
            "matrices": [{ "model": "opt-1.3b", "device": "nvme", "strategy": ["serial", "prefetch"], "lookahead_layers": [1, 2],
              "lookahead_recall": [null, 0.5] }] }
            """);

        study.Cells.Where(cell => cell.Strategy == ExecutionStrategy.Serial).Should().ContainSingle()
            .Which.Should().Be(new StudyCell { Model = "opt-1.3b", Device = "nvme", Strategy = ExecutionStrategy.Serial });
        study.Cells.Where(cell => cell.Strategy == ExecutionStrategy.Prefetch).Should().HaveCount(4);
    }

    [Theory]
    [InlineData("\"matrices\": []", 2, "matrices", "a list of one matrix or more", "an empty list")]
    [InlineData(
        "\"matrices\": [\n{ \"model\": \"opt-1.3b\",\n\"device\": \"nvme\",\n\"strategie\": 1 }]", 5, "matrices[0].strategie", "strategy",
        "\"strategie\"")]
    [InlineData("\"matrices\": [{ \"model\": \"opt-1.3b\",\n\"device\": \"floppy\" }]", 3, "matrices[0].device", "ufs-4.0", "\"floppy\"")]
    [InlineData(Matrix + "\"strategy\": [\n\"serial\",\n\"parallel\"] }]", 5,
        "matrices[0].strategy[1]", "serial, prefetch, cluster", "\"parallel\"")]
    [InlineData(Matrix + "\"cache_share\": \"5%\" }]", 3, "matrices[0].cache_share", "a number from 0 to 1", "\"5%\"")]
    [InlineData(Matrix + "\"cache_share\": 5 }]", 3, "matrices[0].cache_share", "a number from 0 to 1", "5")]
    [InlineData(
        Matrix + "\"queue_depth\": 1.5 }]", 3, "matrices[0].queue_depth", "a whole number from 1 to 256, or null", "1.5")]
    [InlineData(Matrix + "\"text\": [] }]", 3, "matrices[0].text", "one value or more", "an empty list")]
    [InlineData("\"matrices\": [{ \"device\": \"nvme\" }]", 2, "matrices[0]", "the key model", "none")]
    [InlineData("\"matrices\": [7]", 2, "matrices[0]", "an object of lists", "7")]
    [InlineData("\"matrices\": {}", 2, "matrices", "a list of one matrix or more", "an object")]
    [InlineData(
        "\"nonsense\": 1,\n\"matrices\": [{ \"model\": \"opt-1.3b\", \"device\": \"nvme\" }]", 2, "nonsense", "matrices",
        "\"nonsense\"")]
    public void A_fault_is_named_by_line_key_and_what_is_allowed(string rest, int line, string key, string expected, string found)
    {
        Action parse = () => Parse($"\n{rest} }}");

        parse.Should().Throw<NeuralinkException>().Which.Message
            .Should().StartWith($"cannot read mine.json, line {line}, {key}: expected ")
            .And.Contain(expected).And.Contain($"found {found}");
    }

    [Theory]
    [InlineData("""{ "format": "neuralink-device", "format_version": 1 }""", "\"neuralink-study\"")]
    [InlineData("""{ "format": "neuralink-study", "format_version": 2 }""", "expected 1, found 2")]
    [InlineData("""{ "format": "neuralink-study", "format_version": 1, "title": "", "question": "Q", "matrices": [] }""", "a text")]
    [InlineData("""{ "format": "neuralink-study", "format_version": 1, "question": "Q", "matrices": [] }""", "the key title")]
    [InlineData("[1]", "a JSON object")]
    [InlineData("", "a JSON object")]
    public void What_is_no_study_is_called_that(string text, string part)
    {
        Action parse = () => StudyFile.Parse("mine", "mine.json", Encoding.UTF8.GetBytes(text));

        parse.Should().Throw<NeuralinkException>().Which.Message.Should().Contain(part);
    }

    [Fact]
    public void More_cells_than_anybody_means_are_refused_before_they_are_made()
    {
        string many = string.Join(',', Enumerable.Range(1, 256));

        Action parse = () => Parse($$"""
            "matrices": [{ "model": "opt-1.3b", "device": "nvme", "queue_depth": [{{many}}], "readers": [{{many}}],
              "tokens": [{{many}}] }] }
            """);

        parse.Should().Throw<NeuralinkException>().Which.Message.Should().Contain("at most 20000 cells, found 16777216");
    }

    [Fact]
    public void A_missing_file_is_said_by_name()
    {
        Action read = () => StudyFile.Read("/nowhere/mine.json");

        read.Should().Throw<NeuralinkException>().Which.Message.Should().Contain("/nowhere/mine.json");
    }

    [Fact]
    public void Truncated_and_flipped_files_are_read_or_refused_in_one_line()
    {
        byte[] whole = StudyPreset.Bytes("lookahead");
        Random random = new(1);
        List<byte[]> damaged = [.. Enumerable.Range(0, whole.Length / 7).Select(i => whole[..(i * 7)])];
        for (int i = 0; i < 500; i++)
        {
            byte[] bytes = [.. whole];
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            damaged.Add(bytes);
        }
        int refused = 0;
        foreach (byte[] bytes in damaged)
        {
            try
            {
                StudyFile.Parse("damaged", "damaged.json", bytes).Cells.Should().NotBeEmpty();
            }
            catch (NeuralinkException error)
            {
                refused++;
                error.Message.Should().Contain("damaged.json").And.NotContain("\n");
            }
        }
        refused.Should().BeGreaterThan(damaged.Count / 4);
    }

    private static Study Parse(string rest) => StudyFile.Parse("mine", "mine.json", Encoding.UTF8.GetBytes(Head + rest));
}
