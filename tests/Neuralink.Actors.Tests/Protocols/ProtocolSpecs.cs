using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Hosting;
using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>One actor among probes, in an actor system as an engine has it.</summary>
public abstract class ProtocolSpecs() : TestKit(ActorHosting.OwnConfiguration)
{
    protected const int LayerCount = 2;

    protected const int NeuronCount = 8;

    internal static NeuronSet SetOf(NeuronSetPool pool, params int[] neurons)
    {
        NeuronSet set = pool.Rent();
        foreach (int neuron in neurons)
            set.Add(new NeuronId(neuron));
        return set;
    }

    /// <summary>A lease of so many hits and no more.</summary>
    internal static FrameLease Hits(int count, bool isLastWave = true)
    {
        FrameLease lease = new(NeuronCount, NeuronCount);
        for (int frame = 0; frame < count; frame++)
            lease.AddHit(frame);
        lease.Close(earlierCount: 0, isLastWave);
        return lease;
    }

    /// <summary>Tokens of a sequence that no arithmetic looks at; what is taken is noted.</summary>
    internal static SequencePart Part(int tokens, int logits, List<(int Index, float Logit)>? taken = null) =>
        new(Sequence: null!, new int[tokens], logits, (index, values) => taken?.Add((index, values[0])));

    /// <summary>The next message of a probe.</summary>
    internal static T Next<T>(TestProbe probe) => probe.ExpectMsg<T>(TimeSpan.FromSeconds(30));

    /// <summary>Arithmetic that only notes what it was asked.</summary>
    internal sealed class NotedPass : IForwardPass
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Done { get; } = new();

        public void Begin(IReadOnlyList<SequencePart> parts) =>
            Done.Enqueue($"begin {string.Join(",", parts.Select(p => p.Tokens.Length))}");

        public void Attend(LayerIndex layer) => Done.Enqueue($"attend {layer.Value}");

        public int Activate(ReadOnlyMemory<int> ordinals, FrameLease lease)
        {
            Done.Enqueue($"activate {string.Join(",", ordinals.ToArray())}");
            return ordinals.Length;
        }

        public void AddDown(ReadOnlyMemory<int> frames) => Done.Enqueue($"down {frames.Length}");

        public void EndLayer(LayerIndex layer) => Done.Enqueue($"end {layer.Value}");

        public int LogitRows => 2;

        public ReadOnlySpan<float> Logits(int first, int count)
        {
            Done.Enqueue($"logits {first}+{count}");
            return Enumerable.Range(first, count).Select(row => (float)row).ToArray();
        }
    }

    /// <summary>Predicts neurons 0 and 1, and looks ahead to neuron 2.</summary>
    internal sealed class NotedPrediction : INeuronPrediction
    {
        public void BeginPass()
        {
        }

        public int Predict(LayerIndex layer, int batch, NeuronSet set)
        {
            set.Add(new NeuronId(0));
            set.Add(new NeuronId(1));
            return 2 * batch;
        }

        public void LookAhead(LayerIndex target, LookaheadRank rank, int input, int batch, NeuronSet set) => set.Add(new NeuronId(2));
    }
}
