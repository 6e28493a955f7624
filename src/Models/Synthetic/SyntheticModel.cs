using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// Writes a model of a published shape with random weights, as a Hugging Face folder that runs like any other. Its neurons
/// fire at the share that was published, in overlapping clusters of unequal popularity, in shuffled order; its text means
/// nothing: it is for I/O and compute.
/// <para>
/// While layers are written, some windows of random tokens go through them; half of them set the neurons' thresholds, the other half show
/// what the neurons do. Holds a few tensors in memory.
/// </para>
/// </summary>
public sealed class SyntheticModel
{
    private const int WindowTokens = 64, CalibratingWindows = 4, TracedWindows = 4;

    private const ulong PopulationStream = 1UL << 32, SampleStream = 1UL << 33;

    private readonly SyntheticShape _shape;
    private readonly ModelConfig _config;
    private readonly ulong _seed;
    private readonly NormalRows _normals;
    private readonly ClusterActivity _activity;
    private readonly SyntheticEmbedding _embedding;
    private readonly MatrixWriter _writer;
    private readonly float[] _residual;         // [tokens, d]

    private SyntheticModel(SyntheticShape shape, ulong seed, int[][] clustersOfToken, MatrixWriter writer)
    {
        _shape = shape;
        _config = shape.Config;
        _seed = seed;
        _writer = writer;
        _normals = new NormalRows(seed);
        int[] used = [.. Enumerable.Range(0, clustersOfToken.Length).Where(token => clustersOfToken[token].Length > 0)];
        _activity = new ClusterActivity(shape.ClusterCount, [.. used.Select(token => clustersOfToken[token])]);
        _embedding = new SyntheticEmbedding(_config, _normals, clustersOfToken, shape.ClusterCount);
        SplitMix64 random = new(seed, SampleStream);
        int[] tokens = new int[WindowTokens * (CalibratingWindows + TracedWindows)];
        foreach (ref int token in tokens.AsSpan())
            token = used[random.NextInteger(used.Length)];
        _residual = _embedding.Embed(tokens, WindowTokens);
    }

    /// <summary>Writes the folder.</summary>
    /// <param name="shape">What it is to look like.</param>
    /// <param name="destination">The folder; it appears whole or not at all.</param>
    /// <param name="options">The rest.</param>
    /// <param name="traced">Told, layer by layer, how the neurons fired at the sample tokens that no threshold was set with.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Ends it; nothing is left behind.</param>
    /// <exception cref="NeuralinkException">The destination exists or cannot be written, the disk has no room, or the
    /// tokenizer is no use.</exception>
    public static void Write(
        SyntheticShape shape, string destination, SyntheticModelOptions options, Action<SyntheticStatistics>? traced = null,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        if (options.Replace && Directory.Exists(destination) && Directory.EnumerateFileSystemEntries(destination).Any()
            && !SyntheticModelFiles.AreIn(destination))
        {
            throw new NeuralinkException(
                $"write {destination}", "a synthetic model to replace", "a folder of something else", "choose another name");
        }
        int[][] clusters = ClustersOfTokens(shape, options);
        using AtomicFolder folder = new(destination, options.Replace);
        SyntheticModelFiles.Write(folder.Path, shape, options);
        TensorDeclaration[] tensors = [.. Tensors(shape.Config)];
        long totalBytes = tensors.Sum(tensor => tensor.LengthBytes), doneBytes = 0;
        using (SafetensorsWriter file = SafetensorsWriter.Create(
            Path.Combine(folder.Path, "model.safetensors"), tensors, SyntheticModelFiles.Metadata))
        {
            MatrixWriter writer = new(file, name => NameOf(shape.Config, name), Advance, cancellation);
            SyntheticModel model = new(shape, options.Seed, clusters, writer);
            model._embedding.Write(model._writer);
            for (int layer = 0; layer < shape.Config.LayerCount; layer++)
            {
                SyntheticStatistics statistics = model.WriteLayer(layer);
                traced?.Invoke(statistics);
            }
            file.Complete();
        }
        folder.Commit();

        void Advance(long bytes) => progress?.Report((double)(doneBytes += bytes) / totalBytes);
    }

    /// <summary>Bytes of the weights.</summary>
    public static long BytesOf(ModelConfig config) => Tensors(config).Sum(tensor => tensor.LengthBytes);

    private static IEnumerable<TensorDeclaration> Tensors(ModelConfig config) => TensorCatalog.All(config)
        .DistinctBy(spec => spec.Name, StringComparer.Ordinal)
        .Select(spec => new TensorDeclaration(
            NameOf(config, spec.Name), SafetensorsDtype.F16, spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns]));

    private static string NameOf(ModelConfig config, string name) =>
        PublishedModelType.Find(config.ModelType)!.Names.Find(config, name).Name;

    // Tokens that are no text, and the padding of the vocabulary, are about nothing and never generated.
    private static int[][] ClustersOfTokens(SyntheticShape shape, SyntheticModelOptions options)
    {
        Tokenizer tokenizer = Tokenizer.Load(options.TokenizerPath);
        if (tokenizer.VocabularySize > shape.Config.VocabularySize)
        {
            throw new NeuralinkException(
                $"use {options.TokenizerPath} for {shape.Name}", $"at most {shape.Config.VocabularySize} tokens",
                $"{tokenizer.VocabularySize}");
        }
        int[][] clusters = new SyntheticLanguage(shape.ClusterCount, options.Seed).Vocabulary(tokenizer.VocabularySize);
        for (int token = 0; token < clusters.Length; token++)
        {
            if (tokenizer.IsSpecial(token) || tokenizer.TokenOf(token) is null)
                clusters[token] = [];
        }
        return clusters;
    }

    private SyntheticStatistics WriteLayer(int layer)
    {
        LayerModules m = TensorNames.Layer(_config, layer);
        WriteNorm(m.AttentionNorm);
        SyntheticAttention attention = new(_config, _normals, _embedding.Directions, _writer, WindowTokens);
        TensorPrimitives.Add(_residual, attention.Write(layer, _config.PostNorm ? _residual : Normalised(_residual)), _residual);
        if (_config.PostNorm)
            Normalised(_residual).CopyTo(_residual, 0);

        WriteNorm(m.FfnNorm);
        SplitMix64 random = new(_seed, PopulationStream + (ulong)layer);
        SyntheticNeuron[] neurons = SyntheticNeuron.DrawLayer(_shape.Profile, _activity, ref random);
        float size = MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(_residual) / _residual.Length);
        (float[] output, ActivationMatrix active) = new SyntheticFfn(_shape, _normals, _embedding.Directions, _writer)
            .Write(layer, neurons, _config.PostNorm ? _residual : Normalised(_residual), CalibratingWindows * WindowTokens, size);
        TensorPrimitives.Add(_residual, output, _residual);
        if (_config.PostNorm)
            Normalised(_residual).CopyTo(_residual, 0);
        return SyntheticStatistics.Of(new LayerIndex(layer), active, SyntheticNeuron.TrueOrder(neurons, _activity));
    }

    // Every norm but the last has weights of 1.
    private void WriteNorm(string module)
    {
        float[] ones = new float[_config.HiddenSize];
        Array.Fill(ones, 1);
        _writer.Write($"{module}.weight", ones);
        if (_config.Norm == NormKind.Layer)
            _writer.Write($"{module}.bias", new float[_config.HiddenSize]);
    }

    private float[] Normalised(float[] x)
    {
        int hidden = _config.HiddenSize;
        float[] y = new float[x.Length], ones = new float[hidden], zeros = new float[hidden];
        Array.Fill(ones, 1);
        for (int at = 0; at < x.Length; at += hidden)
        {
            if (_config.Norm == NormKind.Layer)
                LayerNorm.Apply(x.AsSpan(at, hidden), ones, zeros, _config.NormEpsilon, y.AsSpan(at, hidden));
            else
                RmsNorm.Apply(x.AsSpan(at, hidden), ones, _config.NormEpsilon, y.AsSpan(at, hidden));
        }
        return y;
    }
}

/// <summary>How to write a synthetic model.</summary>
/// <param name="TokenizerPath">The tokenizer.json it gets; tokens beyond it are never generated.</param>
/// <param name="Seed">Equal seeds give equal bytes.</param>
/// <param name="Replace">Whether a folder at the destination is replaced.</param>
public sealed record SyntheticModelOptions(string TokenizerPath, ulong Seed = 1, bool Replace = false);
