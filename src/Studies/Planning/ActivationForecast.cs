using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Placement;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Studies.Planning;

/// <summary>Which neurons tokens fire, to play through a cache: recorded, or drawn by chance where nothing was recorded.</summary>
/// <param name="Layers">For each of <see cref="LayerIndices"/> the rows of the same tokens.</param>
/// <param name="LayerIndices">The layers of the model that these are, ascending; not all where all would take long to play.</param>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="Source">Where the rows are from, for people.</param>
/// <param name="IsRecorded">Whether they are a model's own.</param>
public sealed record ActivationForecast(
    IReadOnlyList<ActivationMatrix> Layers, IReadOnlyList<int> LayerIndices, int LayerCount, string Source, bool IsRecorded)
{
    // Pairs of a neuron and a token: each takes a few hundred nanoseconds to play, and is played once for each memory size.
    private const long PairsMax = 2_000_000;

    // Of all activations 80% are of that share of the neurons: 26% to 43% in real models (PowerInfer, arXiv 2312.12456, section 3.1).
    private const double EightyShare = 0.35;

    /// <summary>Neurons that fire at a token, all layers together.</summary>
    public double ActivePerToken => Layers.Sum(l => (double)l.ActiveCount() / l.TokenCount) * LayerCount / Layers.Count;

    /// <summary>Of all neurons, the share that fires at a token.</summary>
    public double ActiveShare => ActivePerToken / ((double)LayerCount * Layers[0].NeuronCount);

    /// <summary>The rows that an image keeps.</summary>
    public static ActivationForecast Of(ActivationSample sample) =>
        Pick([.. sample.Layers], $"the image's own sample, of {sample.Info.Texts}", isRecorded: true);

    /// <summary>The middle of a trace.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="cancellation">Ends reading it.</param>
    /// <exception cref="Storage.NeuralinkException">It cannot be read.</exception>
    public static ActivationForecast Of(ActivationTrace trace, CancellationToken cancellation = default)
    {
        (int begin, int end) = ActivationSample.RangeOf(trace.Info.TokenCount);
        ActivationMatrix[] layers = new ActivationMatrix[trace.Info.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            cancellation.ThrowIfCancellationRequested();
            layers[layer] = trace.Layer(new LayerIndex(layer)).Sample(begin, end);
        }
        return Pick(layers, $"{trace.Path}, of {trace.Info.Texts}", isRecorded: true);
    }

    /// <summary>
    /// Independent neurons of a published share: 4% for OPT, 24% for FATReLU and dReLU, 15% for other gated models (Neuralink, arXiv
    /// 2410.19274, section "Evaluation setup": 3% to 4% of OPT-1.3B and 6.7B, 21% to 28% of ProSparse and TurboSparse; between for plain
    /// ReLU), which few neurons make the most of.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="seed">Of the chance.</param>
    public static ActivationForecast Assume(ModelConfig config, ulong seed = 1)
    {
        double share = !config.IsSparse ? 1
            : !config.Gated ? 0.04
            : config.Activation == ActivationKind.Relu ? 0.15
            : 0.24;
        double[] frequencies = new ActivationProfile(config.FfnSize, share, EightyShare).Frequencies();
        double pairsOfLayer = Math.Max(1, share * config.FfnSize * ActivationSample.TokensMax);
        int layers = (int)Math.Clamp(PairsMax / (long)pairsOfLayer, 1, config.LayerCount);
        int[] indices = Spread(layers, config.LayerCount);
        return new ActivationForecast(
            [.. indices.Select(layer => Draw(frequencies, new SplitMix64(seed, (ulong)layer)))], indices, config.LayerCount,
            $"an assumption: {share:0%} of the neurons fire, each by itself, {EightyShare:0%} of them at 80% of the times; nothing is "
            + "known of which fire together", IsRecorded: false);
    }

    /// <summary>All layers if they can be played quickly, else as many, spread evenly.</summary>
    private static ActivationForecast Pick(ActivationMatrix[] layers, string source, bool isRecorded)
    {
        long pairs = layers.Sum(l => l.ActiveCount());
        long count = pairs <= PairsMax ? layers.Length : layers.Length * PairsMax / pairs;
        int[] indices = Spread((int)Math.Clamp(count, 1, layers.Length), layers.Length);
        return new ActivationForecast([.. indices.Select(i => layers[i])], indices, layers.Length, source, isRecorded);
    }

    /// <summary>So many layers, spread evenly.</summary>
    internal static int[] Spread(int count, int layerCount) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(((2L * i) + 1) * layerCount / (2L * count)))];

    private static ActivationMatrix Draw(double[] frequencies, SplitMix64 random)
    {
        // Hot neurons lie anywhere in the model's own order.
        int[] neuronOfRank = [.. Enumerable.Range(0, frequencies.Length)];
        random.Shuffle(neuronOfRank);
        int rowWords = ActivationMatrix.WordsPerTokenOf(frequencies.Length);
        ulong[] words = new ulong[ActivationSample.TokensMax * rowWords];
        for (int token = 0; token < ActivationSample.TokensMax; token++)
        {
            for (int rank = 0; rank < frequencies.Length; rank++)
            {
                int neuron = neuronOfRank[rank];
                if (random.NextDouble() < frequencies[rank])
                    words[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
            }
        }
        return new ActivationMatrix(frequencies.Length, words);
    }
}
