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
public sealed record FiringForecast(
    IReadOnlyList<FiringMatrix> Layers, IReadOnlyList<int> LayerIndices, int LayerCount, string Source, bool IsRecorded)
{
    // Pairs of a neuron and a token: each takes a few hundred nanoseconds to play, and is played once for each memory size.
    private const long PairsMax = 2_000_000;

    // Of all activations 80% are of that share of the neurons: 26% to 43% in real models (PowerInfer, arXiv 2312.12456, section 3.1).
    private const double EightyShare = 0.35;

    /// <summary>Neurons that fire at a token, all layers together.</summary>
    public double FiringPerToken => Layers.Sum(l => (double)l.FiringCount() / l.TokenCount) * LayerCount / Layers.Count;

    /// <summary>Of all neurons, the share that fires at a token.</summary>
    public double FiringShare => FiringPerToken / ((double)LayerCount * Layers[0].NeuronCount);

    /// <summary>The rows that an image keeps.</summary>
    public static FiringForecast Of(FiringSample sample) =>
        Pick([.. sample.Layers], $"the image's own sample, of {sample.Info.Texts}", isRecorded: true);

    /// <summary>The middle of a trace.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="cancellation">Ends reading it.</param>
    /// <exception cref="Storage.NeuralinkException">It cannot be read.</exception>
    public static FiringForecast Of(FiringTrace trace, CancellationToken cancellation = default)
    {
        (int begin, int end) = FiringSample.RangeOf(trace.Info.TokenCount);
        FiringMatrix[] layers = new FiringMatrix[trace.Info.LayerCount];
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
    public static FiringForecast Assume(ModelConfig config, ulong seed = 1)
    {
        double share = !config.Gated ? 0.04 : config.Activation == ActivationKind.Relu ? 0.15 : 0.24;
        double[] frequencies = new FiringProfile(config.FfnSize, share, EightyShare).Frequencies();
        int layers = (int)Math.Clamp(PairsMax / (long)Math.Max(1, share * config.FfnSize * FiringSample.TokensMax), 1, config.LayerCount);
        int[] indices = Spread(layers, config.LayerCount);
        return new FiringForecast(
            [.. indices.Select(layer => Draw(frequencies, new SplitMix64(seed, (ulong)layer)))], indices, config.LayerCount,
            $"an assumption: {share:0%} of the neurons fire, each by itself, {EightyShare:0%} of them at 80% of the times; nothing is "
            + "known of which fire together", IsRecorded: false);
    }

    /// <summary>All layers if they can be played quickly, else as many, spread evenly.</summary>
    private static FiringForecast Pick(FiringMatrix[] layers, string source, bool isRecorded)
    {
        long pairs = layers.Sum(l => l.FiringCount());
        long count = pairs <= PairsMax ? layers.Length : layers.Length * PairsMax / pairs;
        int[] indices = Spread((int)Math.Clamp(count, 1, layers.Length), layers.Length);
        return new FiringForecast([.. indices.Select(i => layers[i])], indices, layers.Length, source, isRecorded);
    }

    private static int[] Spread(int count, int layerCount) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(((2L * i) + 1) * layerCount / (2L * count)))];

    private static FiringMatrix Draw(double[] frequencies, SplitMix64 random)
    {
        // Hot neurons lie anywhere in the model's own order.
        int[] neuronOfRank = [.. Enumerable.Range(0, frequencies.Length)];
        random.Shuffle(neuronOfRank);
        int rowWords = FiringMatrix.WordsPerTokenOf(frequencies.Length);
        ulong[] words = new ulong[FiringSample.TokensMax * rowWords];
        for (int token = 0; token < FiringSample.TokensMax; token++)
        {
            for (int rank = 0; rank < frequencies.Length; rank++)
            {
                int neuron = neuronOfRank[rank];
                if (random.NextDouble() < frequencies[rank])
                    words[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
            }
        }
        return new FiringMatrix(frequencies.Length, words);
    }
}
