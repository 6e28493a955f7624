using System.Security.Cryptography;
using System.Text;
using Neuralink.Placement;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Synthetic;

/// <summary>What to trace.</summary>
/// <param name="TokenCount">The trace's length.</param>
/// <param name="Seed">Of the model: equal seeds give the same neurons.</param>
/// <param name="Domain">What the text is about; neurons fire at the published share in domain 0.</param>
/// <param name="Text">Which text of that domain.</param>
/// <param name="Replace">Whether an existing file is replaced.</param>
public sealed record SyntheticTraceOptions(
    int TokenCount = SyntheticTraceOptions.DefaultTokenCount, ulong Seed = 1, int Domain = 0, int Text = 0, bool Replace = false)
{
    /// <summary>About what the paper's search takes: 1024 sentences.</summary>
    public const int DefaultTokenCount = 20_000;

    /// <summary>The last domain, and the last text of one.</summary>
    public const int DomainMax = 65_535;
}

/// <summary>Writes the activation trace that a model of a published shape might have left, without the model.</summary>
public static class SyntheticTrace
{
    private const int PieceTokens = 256;

    /// <summary>Writes the trace; layers are made in parallel, and depend on neither their order nor the number of threads.</summary>
    /// <param name="shape">The model's shape.</param>
    /// <param name="path">The file; it appears whole or not at all.</param>
    /// <param name="options">The rest.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Ends it; nothing is left behind.</param>
    /// <returns>The statistics of each layer.</returns>
    /// <exception cref="NeuralinkException">The file exists or cannot be written, or the disk has no room.</exception>
    public static IReadOnlyList<SyntheticStatistics> Write(
        SyntheticShape shape, string path, SyntheticTraceOptions options, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)options.Domain, (uint)SyntheticTraceOptions.DomainMax, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)options.Text, (uint)SyntheticTraceOptions.DomainMax, nameof(options));
        bool isComplete = false;
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, InfoOf(shape, options), options.Replace);
        try
        {
            IReadOnlyList<SyntheticStatistics> statistics = WriteLayers(shape, options, writer, progress, cancellation);
            writer.Complete();
            isComplete = true;
            return statistics;
        }
        finally
        {
            writer.Dispose();
            if (!isComplete)
                File.Delete($"{path}.partial");
        }
    }

    private static SyntheticStatistics[] WriteLayers(
        SyntheticShape shape, SyntheticTraceOptions options, ActivationTraceWriter writer, IProgress<double>? progress,
        CancellationToken cancellation)
    {
        SyntheticLanguage language = new(shape.ClusterCount, options.Seed);
        ClusterActivity activity = new(language);
        SyntheticText text = language.Text(options.TokenCount, options.Domain, options.Text);
        SyntheticStatistics[] statistics = new SyntheticStatistics[shape.Config.LayerCount];
        int done = 0;
        try
        {
            ParallelOptions parallel = new() { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount };
            Parallel.For(0, statistics.Length, parallel, i =>
            {
                SyntheticLayer layer = new(shape.Profile, activity, options.Seed, i);
                ActivationMatrix trace = layer.Trace(text);
                Write(writer, new LayerIndex(i), trace);
                statistics[i] = SyntheticStatistics.Of(new LayerIndex(i), trace, layer.TrueOrder);
                lock (statistics)
                    progress?.Report((double)++done / statistics.Length);
            });
        }
        catch (AggregateException error)
        {
            // The first layer's error is as good as all of them.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error.InnerExceptions[0]);
        }
        return statistics;
    }

    private static void Write(ActivationTraceWriter writer, LayerIndex layer, ActivationMatrix trace)
    {
        ulong[] rows = new ulong[PieceTokens * trace.WordsPerToken];
        for (int begin = 0; begin < trace.TokenCount; begin += PieceTokens)
        {
            int count = Math.Min(PieceTokens, trace.TokenCount - begin);
            for (int i = 0; i < count; i++)
                trace.Token(begin + i).CopyTo(rows.AsSpan(i * trace.WordsPerToken));
            writer.Write(layer, begin, rows.AsSpan(0, count * trace.WordsPerToken));
        }
    }

    private static ActivationTraceInfo InfoOf(SyntheticShape shape, SyntheticTraceOptions options)
    {
        string text = $"synthetic text {options.Text} of domain {options.Domain}, {options.TokenCount} tokens";
        return new ActivationTraceInfo
        {
            ModelDigest = shape.Digest(options.Seed),
            ModelName = $"{shape.Name} (synthetic)",
            LayerCount = shape.Config.LayerCount,
            NeuronCount = shape.Config.FfnSize,
            TokenCount = options.TokenCount,
            StrideBytes = shape.StrideBytes,
            Texts = text,
            TextsDigest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{shape.ClusterCount}:{options.Seed}:{text}"))),
        };
    }
}
