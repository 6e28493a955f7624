using System.Text.Json.Nodes;
using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>What was measured of predictors comes back as it was stored, or it is said what is wrong with the file.</summary>
public sealed class QualityFileTests : IDisposable
{
    private static readonly PredictorQuality s_sketch = new()
    {
        Predictor = PredictorIdentity.Sketch(4, 2f),
        Perplexity = 3.21,
        DensePerplexity = 3.2,
        AgreementShare = 0.991,
        KlDivergenceNats = 0.0012,
        PredictedShare = 0.07,
        ActiveShare = 0.045,
        TokenCount = 8191,
        WindowTokens = 256,
        StrideTokens = 128,
        Texts = "stories.txt",
        MeasuredWith = "a test",
    };

    private static readonly PredictorQuality s_lowRank =
        s_sketch with { Predictor = PredictorIdentity.LowRank(new string('a', 32), 0f), Perplexity = 3.25 };

    private readonly SmallImage _image = new();
    private readonly FlashImage _opened;

    public QualityFileTests() => _opened = _image.Check();

    private string FilePath => _image.PathOf(QualityFile.FileName);

    public void Dispose() => _image.Dispose();

    [Fact]
    public void Figures_come_back_and_new_ones_of_a_predictor_take_the_place_of_the_old()
    {
        QualityFile.Read(_opened).Predictors.Should().BeEmpty();
        QualityFile.Read(_opened).With(s_sketch).With(s_lowRank).Write(_opened);
        QualityFile read = QualityFile.Read(_image.Check());
        read.Predictors.Should().Equal(s_sketch, s_lowRank);
        read.Find(PredictorIdentity.Sketch(4, 2f)).Should().Be(s_sketch);
        read.Find(PredictorIdentity.LowRank(new string('a', 32), 0f)).Should().Be(s_lowRank);
        read.Find(PredictorIdentity.Sketch(3, 2f)).Should().BeNull();
        read.Find(PredictorIdentity.Sketch(4, 1.5f)).Should().BeNull();
        read.Find(PredictorIdentity.LowRank(new string('b', 32), 0f)).Should().BeNull();

        PredictorQuality again = s_sketch with { Perplexity = 3.3 };
        read.With(again).Write(_opened);
        QualityFile.Read(_opened).Predictors.Should().Equal(s_lowRank, again);
        Directory.GetFiles(_image.Folder, "*.tmp-*").Should().BeEmpty();
    }

    [Fact]
    public void The_longest_unmeasured_give_way_when_there_are_too_many()
    {
        QualityFile file = QualityFile.Read(_opened);
        for (int i = 0; i < QualityFile.PredictorsMax + 2; i++)
            file = file.With(s_sketch with { Predictor = PredictorIdentity.Sketch(4, i) });
        file.Write(_opened);
        QualityFile read = QualityFile.Read(_opened);
        read.Predictors.Should().HaveCount(QualityFile.PredictorsMax);
        read.Find(PredictorIdentity.Sketch(4, 1)).Should().BeNull();
        read.Find(PredictorIdentity.Sketch(4, 2)).Should().NotBeNull();
    }

    [Fact]
    public void Placing_the_neurons_anew_keeps_the_figures()
    {
        QualityFile.Read(_opened).With(s_sketch).Write(_opened);
        using TemporaryFolder parent = new();
        Permutation.TryCreate([.. Enumerable.Range(0, _opened.SlotCount).Reverse()], out Permutation? reversed, out int _)
            .Should().BeTrue();
        ImageRewriter.Rewrite(
            _opened, parent.File("placed.nlk"), [.. Enumerable.Repeat(reversed!, _opened.LayerCount)],
            new PlacementManifest("random", 3, null, null, null));
        FlashImage placed = FlashImage.Open(parent.File("placed.nlk"));
        ImageVerifier.Verify(placed, null, CancellationToken.None);
        QualityFile.Read(placed).Find(s_sketch.Predictor).Should().Be(s_sketch);
    }

    [Theory]
    [InlineData("\"format_version\": 2", "\"format_version\": 1", "format version 2", "measure again")]
    [InlineData("\"neuralink-quality\"", "\"neuralink-device\"", "\"format\": \"neuralink-quality\"")]
    [InlineData("\"kind\": \"sketch\"", "\"kind\": \"oracle\"", "of the kind 'oracle'")]
    [InlineData("\"bits\": 4", "\"bits\": 5", "a sketch without its bits and margin")]
    [InlineData("\"bits\": 4", "\"bits\": null", "a sketch without its bits and margin")]
    [InlineData("\"xxh128\": \"aaaa", "\"xxh128\": \"AAAA", "a low-rank predictor without its digest")]
    [InlineData("\"perplexity\": 3.21", "\"perplexity\": 0.5", "perplexities of 0.5 and 3.2")]
    [InlineData("\"kl_divergence_nats\": 0.0012", "\"kl_divergence_nats\": -1", "a divergence of -1")]
    [InlineData("\"agreement_share\": 0.991", "\"agreement_share\": 1.1", "a share of 1.1")]
    [InlineData("\"token_count\": 8191", "\"token_count\": 0", "0 tokens in windows of 256, 128 apart")]
    [InlineData("\"stride_tokens\": 128", "\"stride_tokens\": 256", "8191 tokens in windows of 256, 256 apart")]
    [InlineData("\"margin\": 2,", "\"margin\": 2, \"more\": 1,", "more")]
    [InlineData("\"perplexity\": 3.21,", "", "perplexity")]
    public void What_makes_no_sense_is_named(string what, string by, params string[] parts)
    {
        QualityFile.Read(_opened).With(s_sketch).With(s_lowRank).Write(_opened);
        string text = File.ReadAllText(FilePath);
        text.Should().Contain(what);
        int at = text.IndexOf(what, StringComparison.Ordinal);
        File.WriteAllText(FilePath, text[..at] + by + text[(at + what.Length)..]);
        Refused().Should().ContainAll(parts);
    }

    [Fact]
    public void Figures_of_another_model_and_of_a_predictor_twice_or_null_are_refused()
    {
        QualityFile.Read(_opened).With(s_sketch).Write(_opened);
        JsonObject json = JsonNode.Parse(File.ReadAllBytes(FilePath))!.AsObject();
        JsonArray predictors = json["predictors"]!.AsArray();
        predictors.Add(predictors[0]!.DeepClone());
        File.WriteAllText(FilePath, json.ToJsonString());
        Refused().Should().Contain("a predictor twice");
        predictors[1] = null;
        File.WriteAllText(FilePath, json.ToJsonString());
        Refused().Should().Contain("a predictor that is null");
        predictors.RemoveAt(1);
        json["model_digest"] = new string('0', 64);
        File.WriteAllText(FilePath, json.ToJsonString());
        Refused().Should().Contain(_opened.ModelDigest).And.Contain("delete the file");
    }

    [Fact]
    public void Writing_what_makes_no_sense_or_is_of_another_model_is_a_programmers_error()
    {
        QualityFile file = QualityFile.Read(_opened);
        file.Invoking(f => f.With(s_sketch with { AgreementShare = double.NaN }).Write(_opened)).Should().Throw<ArgumentException>();
        file.Invoking(f => (f with { ModelDigest = "another" }).Write(_opened)).Should().Throw<ArgumentException>();
        File.Exists(FilePath).Should().BeFalse();
    }

    [Fact]
    public void The_file_cut_anywhere_or_damaged_in_any_byte_reads_or_is_refused_in_one_line()
    {
        QualityFile.Read(_opened).With(s_sketch).With(s_lowRank).Write(_opened);
        byte[] whole = File.ReadAllBytes(FilePath);
        for (int length = 0; length < whole.Length; length += 3)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            Refused();
        }
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(FilePath, bytes);
            refused += Reads() ? 0 : 1;
        }
        refused.Should().BeGreaterThan(whole.Length / 2, "most of the file is structure");
        _image.Check();                                                    // an image is what it is, whatever lies beside it
    }

    private string Refused()
    {
        string message = this.Invoking(t => QualityFile.Read(t._opened)).Should().Throw<NeuralinkException>().Which.Message;
        message.Should().Contain(FilePath).And.NotContain("\n");
        return message;
    }

    private bool Reads()
    {
        try
        {
            QualityFile.Read(_opened);
            return true;
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain(FilePath);
            return false;
        }
    }
}
