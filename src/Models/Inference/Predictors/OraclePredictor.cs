using System.Numerics;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// Says what a recorded trace of the same tokens says: which neurons fired in the dense pass. It costs no product and knows every layer at
/// any time, so it is what the best predictor, and the best lookahead, could do: for studies.
/// </summary>
/// <remarks>
/// Position p of any sequence takes row p of the trace. So every sequence must be of the tokens that the trace begins with, and within its
/// first window: later windows were traced without the tokens before them.
/// </remarks>
public sealed class OraclePredictor : NeuronPredictor
{
    private const int WordBits = 64;

    private readonly ActivationMatrix[] _layers;
    private readonly string _path;
    private readonly int _tokenCount;
    private ForwardPass? _pass;

    private OraclePredictor(string path, ActivationMatrix[] layers)
    {
        _path = path;
        _layers = layers;
        _tokenCount = layers[0].TokenCount;
    }

    /// <summary>It takes none: what is there anyway, without a copy.</summary>
    public override PredictorInput Input => PredictorInput.Residual;

    /// <summary>Loads all of a trace into managed memory: <see cref="ActivationTraceInfo.DataBytes"/>.</summary>
    /// <param name="trace">The trace; not needed afterwards.</param>
    /// <param name="image">The model that will run.</param>
    /// <param name="config">Its configuration.</param>
    /// <exception cref="NeuralinkException">The trace is another model's, or damaged.</exception>
    public static OraclePredictor Load(ActivationTrace trace, FlashImage image, ModelConfig config)
    {
        trace.ExpectModel(image.Folder, image.ModelDigest, config.LayerCount, config.FfnSize);
        ActivationMatrix[] layers = new ActivationMatrix[config.LayerCount];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = trace.Layer(new LayerIndex(i));
        return new OraclePredictor(trace.Path, layers);
    }

    /// <inheritdoc/>
    /// <exception cref="NeuralinkException">The trace ends before a row's position.</exception>
    public override void BeginPass(ForwardPass pass)
    {
        foreach (PassRow row in pass.Rows)
        {
            if (row.Position >= _tokenCount)
            {
                throw new NeuralinkException(
                    $"replay {_path}", $"a token for position {row.Position}", $"a trace of {_tokenCount} tokens",
                    "trace more tokens of this text, or run fewer");
            }
        }
        _pass = pass;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The batch is not that of the pass that began.</exception>
    public override int Predict(
        WorkerPool pool, int layer, FloatTensor input, int batch, NeuronSet set, PredictedRows? rows = null)
    {
        rows?.Begin(batch, isExact: true);
        if (_pass is not { } pass || batch != pass.Count)
            throw new InvalidOperationException($"A pass over {_pass?.Count ?? 0} tokens began, {batch} are to be predicted.");
        ActivationMatrix matrix = _layers[layer];
        int pairs = 0;
        set.Clear();
        for (int word = 0; word * WordBits < matrix.NeuronCount; word++)
        {
            ulong any = 0;
            foreach (PassRow row in pass.Rows)
            {
                ulong bits = matrix.Token(row.Position)[word];
                pairs += BitOperations.PopCount(bits);
                any |= bits;
            }
            for (; any != 0; any &= any - 1)
                set.Add(new NeuronId((word * WordBits) + BitOperations.TrailingZeroCount(any)));
        }
        return pairs;
    }
}
