using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tracing;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Orders;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>
/// An independent study with the bundled model: the orders of 32 windows of stories, tested on every 16th token of the next 32, nothing
/// cached. Tracing, orders, collapse and cost together have to give its figures.
/// </summary>
public sealed class QuickStudyTests : IClassFixture<QuickStudyTests.Traces>
{
    private const double Tolerance = 0.03;

    private static readonly DomainReference s_stories = BundledModel.Domains.Single(d => d.Name == "stories");

    private readonly Traces _traces;

    public QuickStudyTests(Traces traces) => _traces = traces;

    [Theory]
    [InlineData(PlacementMethod.Identity, 29.0, 3.31, 1163)]
    [InlineData(PlacementMethod.Random, 29.0, 3.31, 1163)]
    [InlineData(PlacementMethod.Frequency, 16.6, 3.73, 878)]
    [InlineData(PlacementMethod.Neuralink, 17.7, 2.44, 746)]
    public void The_independent_studys_reads_bytes_and_times_come_out(
        PlacementMethod method, double reads, double readPerUsed, double micros)
    {
        EvaluationSetup setup = new()
        {
            StrideBytes = 1536,
            Cost = ReadCost.Linear(readMicros: 20, bytesPerMicro: 1000),
            ReadBytesMax = int.MaxValue,
        };
        OrderingOptions options = new() { Method = method, StrideBytes = setup.StrideBytes, Cost = setup.Cost };
        ReadTotals[] layers =
        [
            .. _traces.Train.Zip(
                _traces.Test,
                (train, test) => OrderStudy.Of(test, Permutation.Of(LayerOrdering.NeuronOfSlot(train, options)), setup, 0).Totals),
        ];
        LayerMeans means = LayerMeans.Of(layers, _traces.Test[0].TokenCount);
        means.ReadsPerToken.Should().BeApproximately(reads, Tolerance * reads);
        means.ReadPerUsed.Should().BeApproximately(readPerUsed, Tolerance * readPerUsed);
        means.MicrosPerToken.Should().BeApproximately(micros, Tolerance * micros);
    }

    // The trace is of the very tokens of the reference.
    [Fact]
    public void The_active_shares_of_the_whole_domain_are_those_of_the_independent_implementation()
    {
        for (int layer = 0; layer < _traces.ActiveShares.Count; layer++)
        {
            double expected = s_stories.ActiveShareByLayer[layer];
            _traces.ActiveShares[layer].Should().BeApproximately(expected, 0.001 * expected, "of layer {0}", layer);
        }
    }

    /// <summary>The layers' traces, made once.</summary>
    public sealed class Traces
    {
        private const int Windows = 32, Step = 16;

        public Traces()
        {
            int tokens = 2 * Windows * DomainReference.WindowTokens;
            int[] text = Tokenizer.Load(Path.Combine(BundledModel.Folder, "tokenizer.json")).Encode(s_stories.Text);
            using TracedModel traced = new(BundledModel.Image);
            traced.Trace("a", TokenWindows.Cut([text[..tokens]], DomainReference.WindowTokens), threads: 2);
            ActivationMatrix[] layers = traced.Layers("a");
            Train = [.. layers.Select(layer => layer.Sample(0, tokens / 2))];
            Test = [.. layers.Select(layer => layer.Sample(tokens / 2, tokens, Step))];
            ActiveShares = [.. layers.Select(layer => ActivationStatistics.Of(layer).ActiveShare)];
        }

        public IReadOnlyList<ActivationMatrix> Train { get; }

        public IReadOnlyList<ActivationMatrix> Test { get; }

        /// <summary>By layer, of all tokens.</summary>
        public IReadOnlyList<double> ActiveShares { get; }
    }
}
