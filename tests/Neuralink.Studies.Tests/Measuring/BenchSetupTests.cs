using Neuralink.Studies.Measuring;

namespace Neuralink.Studies.Tests.Measuring;

public sealed class BenchSetupTests
{
    private static readonly ModelSetup s_start = new() { Folder = "model" };

    [Fact]
    public void Every_combination_is_there_once_and_the_last_dimension_changes_fastest()
    {
        IReadOnlyList<BenchVariant> variants = BenchDimension.Combine(s_start, [Threads("1", "2"), Depths("4", "8", "16")]);
        variants.Select(v => $"{v}").Should().Equal(
            "threads 1, depth 4", "threads 1, depth 8", "threads 1, depth 16", "threads 2, depth 4", "threads 2, depth 8",
            "threads 2, depth 16");
        variants.Select(v => (v.Setup.Engine.Threads, v.Setup.QueueDepth)).Should().Equal(
            (1, 4), (1, 8), (1, 16), (2, 4), (2, 8), (2, 16));
    }

    [Fact]
    public void Without_dimensions_there_is_what_they_would_have_started_from() =>
        BenchDimension.Combine(s_start, []).Should().ContainSingle().Which.Setup.Should().BeSameAs(s_start);

    [Fact]
    public void Tests_have_llama_benchs_names_and_count_its_tokens()
    {
        (BenchTest prompt, BenchTest text) = (BenchTest.Prompt(512), BenchTest.Generation(64));
        (prompt.Name, prompt.Tokens, prompt.GivenTokens, prompt.WantedTokens).Should().Be(("pp512", 512, 512, 1));
        (text.Name, text.Tokens, text.GivenTokens, text.WantedTokens).Should().Be(("tg64", 64, 1, 64));
    }

    private static BenchDimension Threads(params string[] words) => new(
        "threads",
        [.. words.Select(w => new BenchChoice(w, s => s with { Engine = s.Engine with { Threads = int.Parse(w) } }))]);

    private static BenchDimension Depths(params string[] words) =>
        new("depth", [.. words.Select(w => new BenchChoice(w, s => s with { QueueDepth = int.Parse(w) }))]);
}
