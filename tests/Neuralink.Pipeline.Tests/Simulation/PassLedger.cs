using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Simulation;

/// <summary>
/// What a pass is to compute and what it has computed: each layer in turn, exactly the active neurons, each once, down columns ascending;
/// and the workers
/// never have two users.
/// </summary>
internal sealed class PassLedger(Scenario scenario, FlashLedger flash)
{
    private readonly HashSet<int> _activated = [];      // ordinals of the wave
    private readonly List<int> _added = [];             // neurons of the layer, in the order of their down columns
    private int[][] _active = [];                       // [layer]
    private int _nextLayer;
    private long _workersBusyUntil;

    /// <summary>Draws what each layer will need.</summary>
    public void Begin()
    {
        _active = [.. Enumerable.Range(0, scenario.Keys.LayerCount).Select(_ => scenario.DrawActive())];
        _nextLayer = 0;
        Restart();
    }

    /// <summary>Nobody uses the workers any more.</summary>
    public void Reset() => _workersBusyUntil = 0;

    public int[] ActiveOf(LayerIndex layer) => _active[layer.Value];

    /// <summary>Somebody uses the workers for so long.</summary>
    public void UseWorkers(VirtualThread thread)
    {
        thread.Cursor.Should().BeGreaterThanOrEqualTo(_workersBusyUntil, "the workers have one user at a time");
        thread.Work(scenario.Work());
        _workersBusyUntil = thread.Cursor;
    }

    public void Attend(LayerIndex layer)
    {
        layer.Value.Should().Be(_nextLayer++);
        Restart();
    }

    public void Activate(LayerIndex layer, FrameLease lease, ReadOnlyMemory<int> ordinals)
    {
        ordinals.IsEmpty.Should().BeFalse();
        foreach (int ordinal in ordinals.Span)
        {
            ordinal.Should().BeInRange(0, lease.Count - 1);
            _activated.Add(ordinal).Should().BeTrue("ordinal {0} is computed once", ordinal);
            flash.ContentOf(lease.Frames.Span[ordinal]).Should().Be(KeyOf(layer, ordinal), "ordinal {0} is computed with its bundle", ordinal);
        }
    }

    public void AddDown(LayerIndex layer, FrameLease lease)
    {
        _activated.Should().HaveCount(lease.Count, "all of a wave is computed before its down columns are added");
        int taken = _added.Count;
        for (int ordinal = 0; ordinal < lease.Count; ordinal++)
            _added.Add(_active[layer.Value][taken + ordinal]);
        _activated.Clear();
    }

    public void LeaveLayer(LayerIndex layer) => _added.Should().Equal(_active[layer.Value]);

    public void Finish() => _nextLayer.Should().Be(scenario.Keys.LayerCount);

    private int KeyOf(LayerIndex layer, int ordinal) =>
        scenario.Keys.Of(layer, new NeuronId(_active[layer.Value][_added.Count + ordinal])).Value;

    private void Restart()
    {
        _activated.Clear();
        _added.Clear();
    }
}
