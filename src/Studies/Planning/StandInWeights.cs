using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Weights in the place of a model's own, to time its shapes with: all alike, finite and positive, except those that decide activity, which
/// are negative. So no neuron is predicted, and a neuron that is computed all the same fires.
/// </summary>
internal sealed class StandInWeights : ITensorSource
{
    /// <summary>Every byte of a positive weight: 1.06 in f16, 0.0115 in bf16 and f32.</summary>
    public const byte Positive = 0x3C;

    private const byte Negative = 0xBC;

    private readonly ElementType _type;
    private readonly HashSet<string> _active;

    public StandInWeights(ModelConfig config, WeightFormat format)
    {
        _type = ElementType.Of(format);
        IEnumerable<string> active = Enumerable.Range(0, config.LayerCount).Select(i => TensorNames.Layer(config, i).Deciding);
        _active = [.. active.SelectMany(name => new[] { $"{name}.weight", $"{name}.bias" })];
    }

    public string Location => "stand-in weights";

    public SourceTensor Get(string name) => new(name, _type, [], LengthBytes: 0);

    public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination) =>
        destination.Fill(_active.Contains(tensor.Name) ? Negative : Positive);
}
