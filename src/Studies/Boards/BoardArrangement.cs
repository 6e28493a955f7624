using Neuralink.Models.Configuration;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Boards;

/// <summary>
/// What several boards, each with a flash of its own, make of a model in one of two arrangements. As replicas each runs whole texts. With
/// sharded neurons each holds a share of every layer's bundles, by a hash of the neuron: the first board, which has the attention, sends
/// the FFN's input to the others, and each returns a partial sum of the down projection.
/// </summary>
/// <param name="model">The shape.</param>
/// <param name="boards">How many.</param>
internal sealed class BoardArrangement(string model, int boards)
{
    // Inputs travel as f16, partial sums as f32.
    private const int InputBytes = 2, SumBytes = 4;

    private readonly ModelConfig _config = StudyShapes.Find(model)!.Config;

    /// <summary>Milliseconds a token of one text over sharded neurons.</summary>
    /// <param name="one">What came of one board with its share.</param>
    /// <param name="network">Between them.</param>
    public double ShardedMillis(CellResult one, NetworkModel network) =>
        one.TokenMillis + (_config.LayerCount * network.ExchangeMicros(boards - 1, Bytes(InputBytes), Bytes(SumBytes)) / 1000);

    /// <summary>Bytes that a token sends over the network with sharded neurons.</summary>
    public long ShardedBytes => _config.LayerCount * (boards - 1) * (Bytes(InputBytes) + Bytes(SumBytes));

    private long Bytes(int each) => (long)_config.HiddenSize * each;
}
