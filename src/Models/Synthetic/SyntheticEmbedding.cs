using System.Numerics.Tensors;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// The tensors outside the layers. A token's embedding is the constant direction, the directions of its clusters, and numbers of its own;
/// the output matrix has the same rows, in a model of its own for it with half of each shifted. Between the two stands a diagonal that
/// turns the signs of half of the dimensions about (the last norm's weights, or the projection's rows), without which the likeliest token
/// would always be the one that is there already.
/// </summary>
internal sealed class SyntheticEmbedding
{
    /// <summary>Of an embedding's elements, root mean square by part: of all, of each cluster, of its own.</summary>
    public const float ConstantSize = 0.6f, ClusterSize = 0.35f, OwnSize = 0.6f;

    private const float PositionSize = 0.5f, UnusedSize = 0.01f;

    // How much a cluster in common adds to a logit, in standard deviations of what is left to chance, and that deviation.
    private const float ClusterPull = 0.1f, LogitDeviation = 3f;

    private readonly ModelConfig _config;
    private readonly NormalRows _normals;
    private readonly Directions _directions;
    private readonly int[][] _clusters;
    private readonly bool[] _isUsed;
    private readonly float[]? _projection;      // [d, embedding width]

    /// <param name="config">The model.</param>
    /// <param name="normals">Random numbers.</param>
    /// <param name="clustersOfToken">The clusters of each token; empty for one that is never to be generated.</param>
    /// <param name="clusterCount">Clusters there are.</param>
    public SyntheticEmbedding(ModelConfig config, NormalRows normals, int[][] clustersOfToken, int clusterCount)
    {
        _config = config;
        _normals = normals;
        _clusters = clustersOfToken;
        _isUsed = Array.ConvertAll(clustersOfToken, clusters => clusters.Length > 0);
        _directions = Directions.Draw(normals, config.EmbeddingSize, clusterCount);
        if (config.EmbeddingSize != config.HiddenSize)
        {
            _projection = new float[config.HiddenSize * config.EmbeddingSize];
            FillProjection(0, _projection);
        }
        Directions = _projection is null ? _directions : _directions.Project(_projection);
    }

    /// <summary>As the layers see them.</summary>
    public Directions Directions { get; }

    /// <summary>Writes the tensors.</summary>
    public void Write(MatrixWriter writer)
    {
        int width = _config.EmbeddingSize, hidden = _config.HiddenSize;
        writer.Write($"{TensorNames.Embedding}.weight", _config.VocabularySize, width, FillEmbedding, []);
        if (_config.Positions == PositionKind.Learned)
            writer.Write($"{TensorNames.Positions}.weight", _config.ContextLength + _config.PositionOffset, hidden, FillPositions, []);
        if (_projection is not null)
        {
            writer.Write($"{TensorNames.ProjectIn}.weight", hidden, width, FillProjection, []);
            writer.Write($"{TensorNames.ProjectOut}.weight", width, hidden, FillProjectOut, []);
        }
        if (_config.FinalNorm)
        {
            writer.Write($"{TensorNames.FinalNorm}.weight", OutputDiagonal());
            if (_config.Norm == NormKind.Layer)
                writer.Write($"{TensorNames.FinalNorm}.bias", new float[hidden]);
        }
        if (!_config.TiedEmbedding)
            writer.Write($"{TensorNames.Output}.weight", _config.VocabularySize, width, FillOutput, []);
    }

    /// <summary>The residual stream [tokens, d] before the first layer, for windows of tokens that begin at position 0.</summary>
    public float[] Embed(int[] tokens, int windowTokens)
    {
        int width = _config.EmbeddingSize, hidden = _config.HiddenSize;
        float[] x = new float[tokens.Length * hidden], row = new float[width];
        for (int t = 0; t < tokens.Length; t++)
        {
            Span<float> to = x.AsSpan(t * hidden, hidden);
            FillEmbedding(tokens[t], row);
            for (int i = 0; i < hidden; i++)
                to[i] = _projection is null ? row[i] : TensorPrimitives.Dot(_projection.AsSpan(i * width, width), row);
            if (_config.Positions != PositionKind.Learned)
                continue;
            ReadOnlySpan<float> position = _normals.Row(WeightPart.Positions, 0, (t % windowTokens) + _config.PositionOffset, hidden);
            TensorPrimitives.MultiplyAdd(position, PositionSize, to, to);
        }
        return x;
    }

    private void FillEmbedding(int begin, Span<float> rows)
    {
        int width = _config.EmbeddingSize, half = width / 2;
        float unit = MathF.Sqrt(width);
        for (int at = 0, token = begin; at < rows.Length; at += width, token++)
        {
            Span<float> row = rows.Slice(at, width);
            ReadOnlySpan<float> own = _normals.Row(WeightPart.Embedding, 0, token, width);
            if (token >= _isUsed.Length || !_isUsed[token])
            {
                TensorPrimitives.Multiply(own, UnusedSize, row);
                continue;
            }
            row.Clear();
            TensorPrimitives.Multiply(own[half..], OwnSize * MathF.Sqrt(2), row[half..]);
            TensorPrimitives.MultiplyAdd(_directions.Constant, ConstantSize * unit, row, row);
            foreach (int cluster in _clusters[token])
                TensorPrimitives.MultiplyAdd(_directions.Clusters[cluster], ClusterSize * unit, row, row);
        }
    }

    // The embedding with its own half shifted by one: if a follows b, b need not follow a.
    private void FillOutput(int begin, Span<float> rows)
    {
        int width = _config.EmbeddingSize, half = width / 2;
        FillEmbedding(begin, rows);
        for (int at = 0; at < rows.Length; at += width)
        {
            Span<float> own = rows.Slice(at + half, width - half);
            float last = own[^1];
            own[..^1].CopyTo(own[1..]);
            own[0] = last;
        }
    }

    private void FillPositions(int begin, Span<float> rows)
    {
        int hidden = _config.HiddenSize;
        for (int at = 0, position = begin; at < rows.Length; at += hidden, position++)
            TensorPrimitives.Multiply(_normals.Row(WeightPart.Positions, 0, position, hidden), PositionSize, rows.Slice(at, hidden));
    }

    private void FillProjection(int begin, Span<float> rows)
    {
        int width = _config.EmbeddingSize;
        float scale = 1 / MathF.Sqrt(width);
        for (int at = 0, row = begin; at < rows.Length; at += width, row++)
            TensorPrimitives.Multiply(_normals.Row(WeightPart.Projection, 0, row, width), scale, rows.Slice(at, width));
    }

    // The transpose of the projection, which nearly inverts it, behind the diagonal.
    private void FillProjectOut(int begin, Span<float> rows)
    {
        int hidden = _config.HiddenSize, width = _config.EmbeddingSize;
        float[] diagonal = OutputDiagonal();
        float scale = (float)width / hidden;
        for (int at = 0, row = begin; at < rows.Length; at += hidden, row++)
        {
            for (int i = 0; i < hidden; i++)
                rows[at + i] = scale * diagonal[row] * _projection![(i * width) + row];
        }
    }

    private float[] OutputDiagonal()
    {
        int width = _config.EmbeddingSize, half = width / 2;
        float chance = 2 * OwnSize * OwnSize * MathF.Sqrt(half), perCluster = ClusterSize * ClusterSize * width;
        float[] diagonal = new float[width];
        ReadOnlySpan<float> signs = _normals.Row(WeightPart.Constant, 0, 1, width);
        for (int i = 0; i < width; i++)
            diagonal[i] = LogitDeviation / chance * (i < half ? ClusterPull * chance / perCluster : MathF.CopySign(1, signs[i]));
        return diagonal;
    }
}
