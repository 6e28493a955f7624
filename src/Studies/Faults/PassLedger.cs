using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Faults;

/// <summary>
/// What a pass is to compute and what it has computed: each layer in turn, exactly the active neurons, each once and with its own bundle,
/// down columns ascending.
/// </summary>
internal sealed class PassLedger(Scenario scenario, FlashLedger flash) : ISimulatedModel
{
    private readonly HashSet<int> _activated = [];      // ordinals of the wave
    private readonly List<int> _added = [];             // neurons of the layer, in the order of their down columns
    private int[][] _active = [];                       // [layer]
    private int _nextLayer;

    /// <summary>Draws what each layer will need.</summary>
    public long Embed()
    {
        _active = [.. Enumerable.Range(0, scenario.Keys.LayerCount).Select(_ => scenario.DrawActive())];
        _nextLayer = 0;
        Restart();
        return scenario.Work();
    }

    public long Attend(LayerIndex layer)
    {
        Invariant.Require(layer.Value == _nextLayer++, "layers come one after the other");
        Restart();
        return scenario.Work();
    }

    public long Predict(LayerIndex layer, NeuronSet active)
    {
        Fill(active, _active[layer.Value]);
        return scenario.Work();
    }

    public long LookAhead(LayerIndex target, LookaheadRank rank, NeuronSet named)
    {
        Fill(named, scenario.DrawLookahead(_active[target.Value]));
        return scenario.Work();
    }

    public long Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals)
    {
        Invariant.Require(!ordinals.IsEmpty, "there is something to compute");
        foreach (int ordinal in ordinals.Span)
        {
            Invariant.Require((uint)ordinal < (uint)lease.Count, "an ordinal is one of the lease");
            Invariant.Require(_activated.Add(ordinal), "a neuron is computed once");
            RequireBundle(layer, lease, ordinal);
        }
        return scenario.Work();
    }

    public long AddDown(LayerIndex layer, FrameLease lease)
    {
        Invariant.Require(_activated.Count == lease.Count, "all of a wave is computed before its down columns are added");
        for (int ordinal = 0; ordinal < lease.Count; ordinal++)
            RequireBundle(layer, lease, ordinal);
        int taken = _added.Count;
        for (int ordinal = 0; ordinal < lease.Count; ordinal++)
            _added.Add(_active[layer.Value][taken + ordinal]);
        _activated.Clear();
        return scenario.Work();
    }

    public void BeginWait(LayerIndex layer, long now)
    {
    }

    public void EndWait(LayerIndex layer, long now)
    {
    }

    public void LeaveLayer(LayerIndex layer) =>
        Invariant.Require(_added.SequenceEqual(_active[layer.Value]), "a layer computes its active neurons, ascending, and no others");

    public long Finish()
    {
        Invariant.Require(_nextLayer == scenario.Keys.LayerCount, "a pass goes through all layers");
        return scenario.Work();
    }

    private static void Fill(NeuronSet set, int[] neurons)
    {
        foreach (int neuron in neurons)
            set.Add(new NeuronId(neuron));
    }

    private void RequireBundle(LayerIndex layer, FrameLease lease, int ordinal)
    {
        NeuronId neuron = new(_active[layer.Value][_added.Count + ordinal]);
        int found = flash.ContentOf(lease.Frames.Span[ordinal]);
        Invariant.Require(found == scenario.Keys.Of(layer, neuron).Value, "a neuron is computed with its own bundle");
    }

    private void Restart()
    {
        _activated.Clear();
        _added.Clear();
    }
}
