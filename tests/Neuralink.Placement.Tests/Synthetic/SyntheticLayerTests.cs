using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Synthetic;

public sealed class SyntheticLayerTests
{
    private const int Tokens = 4096;

    private static readonly ActivationProfile s_small = new(1024, 0.05, 0.3);

    [Theory]
    [InlineData(4096, 0.0954, 0.26)]
    [InlineData(4096, 0.0315, 0.26)]
    [InlineData(2752, 0.2419, 0.43)]
    public void A_trace_has_the_share_and_the_eighty_percent_share_of_its_profile(int neurons, double share, double eightyShare)
    {
        ActivationMatrix trace = TraceOf(new ActivationProfile(neurons, share, eightyShare));
        ActivationStatistics statistics = ActivationStatistics.Of(trace);
        statistics.ActiveShare.Should().BeApproximately(share, 0.05 * share);
        statistics.HotShare.Should().BeApproximately(eightyShare, 0.03);
    }

    [Fact]
    public void A_seed_gives_the_same_traces_in_any_order_and_on_any_thread()
    {
        SyntheticLanguage language = new(64, seed: 7);
        ClusterActivity activity = new(language);
        SyntheticText text = language.Text(500, domain: 1, number: 2);
        ulong[][] sequential = [.. Enumerable.Range(0, 6).Select(Trace)];
        ulong[][] parallel = new ulong[6][];
        Parallel.For(0, 6, i => parallel[5 - i] = Trace(5 - i));
        parallel.Should().BeEquivalentTo(sequential, options => options.WithStrictOrdering());
        sequential.Select(words => words[0]).Should().OnlyHaveUniqueItems("layers differ");

        ulong[] Trace(int layer) => WordsOf(new SyntheticLayer(s_small, activity, seed: 7, layer).Trace(text));
    }

    [Fact]
    public void Seeds_domains_and_texts_differ()
    {
        (ulong Seed, int Domain, int Text)[] arguments = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)];
        ulong[][] traces = [.. arguments.Select(x => WordsOf(TraceOf(s_small, x.Seed, x.Domain, x.Text)))];
        for (int i = 0; i < traces.Length; i++)
        {
            for (int j = 0; j < i; j++)
                traces[i].Should().NotEqual(traces[j]);
        }
    }

    [Fact]
    public void Texts_of_a_domain_resemble_each_other_more_than_those_of_another()
    {
        int[] first = TraceOf(s_small).Frequencies();
        int[] sameDomain = TraceOf(s_small, text: 1).Frequencies();
        int[] otherDomain = TraceOf(s_small, domain: 1).Frequencies();
        Distance(first, otherDomain).Should().BeGreaterThan(3 * Distance(first, sameDomain));

        static double Distance(int[] a, int[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Sum() / (double)a.Sum();
    }

    [Fact]
    public void Neurons_of_a_cluster_fire_together_and_those_without_one_do_not()
    {
        SyntheticLayer layer = LayerOf(s_small, out SyntheticLanguage language);
        ActivationMatrix trace = layer.Trace(language.Text(Tokens, 0, 0));
        int[][] clusters = [.. layer.TrueOrder.Where(id => layer.Neurons[id].Clusters.Length > 0)
            .GroupBy(id => layer.Neurons[id].Clusters[0].Cluster).Where(group => group.Count() > 4).Select(group => group.ToArray())];
        clusters.Length.Should().BeGreaterThan(20);
        clusters.Average(members => LiftOf(trace, members)).Should().BeGreaterThan(3);
        int[] single = [.. layer.TrueOrder.Where(id => layer.Neurons[id].Clusters.Length == 0)];
        LiftOf(trace, single).Should().BeApproximately(1, 0.1);
    }

    [Fact]
    public void The_ids_are_shuffled_and_the_true_order_is_known()
    {
        SyntheticLayer layer = LayerOf(s_small, out _);
        layer.TrueOrder.Order().Should().Equal(Enumerable.Range(0, s_small.NeuronCount));
        Math.Abs(Correlation([.. layer.Neurons.Select(n => n.Frequency)])).Should().BeLessThan(0.15);
    }

    // The number of pairs that fire together, divided by the number that would if neurons fired independently.
    private static double LiftOf(ActivationMatrix trace, int[] neurons)
    {
        double together = 0, expected = 0;
        int[] frequencies = trace.Frequencies();
        for (int i = 0; i < neurons.Length; i++)
        {
            for (int j = 0; j < i; j++)
                expected += (double)frequencies[neurons[i]] * frequencies[neurons[j]] / trace.TokenCount;
        }
        for (int token = 0; token < trace.TokenCount; token++)
        {
            int active = neurons.Count(id => trace.IsActive(token, new NeuronId(id)));
            together += active * (active - 1) / 2.0;
        }
        return together / expected;
    }

    private static double Correlation(double[] byId)
    {
        double mean = byId.Average(), middle = (byId.Length - 1) / 2.0;
        double both = byId.Select((x, i) => (x - mean) * (i - middle)).Sum();
        double ofValues = byId.Sum(x => (x - mean) * (x - mean));
        double ofIds = byId.Select((_, i) => (i - middle) * (i - middle)).Sum();
        return both / Math.Sqrt(ofValues * ofIds);
    }

    private static SyntheticLayer LayerOf(ActivationProfile profile, out SyntheticLanguage language, ulong seed = 1)
    {
        language = new SyntheticLanguage(Math.Max(profile.NeuronCount / 16, 8), seed);
        return new SyntheticLayer(profile, new ClusterActivity(language), seed, layer: 3);
    }

    private static ActivationMatrix TraceOf(ActivationProfile profile, ulong seed = 1, int domain = 0, int text = 0) =>
        LayerOf(profile, out SyntheticLanguage language, seed).Trace(language.Text(Tokens, domain, text));

    private static ulong[] WordsOf(ActivationMatrix trace) =>
        [.. Enumerable.Range(0, trace.TokenCount).SelectMany(token => trace.Token(token).ToArray())];
}
