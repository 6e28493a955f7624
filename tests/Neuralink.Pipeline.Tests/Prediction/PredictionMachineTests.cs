using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Prediction;

public sealed class PredictionMachineTests
{
    private readonly Effects _effects = new();

    [Fact]
    public void A_layer_is_predicted_first_and_a_later_one_looked_ahead_to_when_the_cache_has_had_its_turn()
    {
        PredictionMachine machine = NewMachine(looksAgain: false);
        machine.LayerReached(new(1), new(0), batch: 1);
        _effects.Take().Should().Equal("predict 0", "yield");
        machine.Continue(new(1));
        _effects.Take().Should().Equal("look ahead to 1 by Earlier", "release workers");
        machine.LayerReached(new(1), new(2), batch: 1);
        _effects.Take().Should().Equal(["predict 2", "release workers"], "there is no later layer");
    }

    [Fact]
    public void Where_there_is_a_second_look_it_comes_before_the_prediction_so_that_reads_are_on_their_way_meanwhile()
    {
        PredictionMachine machine = NewMachine(looksAgain: true);
        machine.LayerReached(new(1), new(0), batch: 1);
        _effects.Take().Should().Equal("look ahead to 0 by Own", "yield");
        machine.Continue(new(1));
        _effects.Take().Should().Equal("predict 0", "yield");
        machine.Continue(new(1));
        _effects.Take().Should().Equal("look ahead to 1 by Earlier", "release workers");
    }

    [Fact]
    public void A_pass_that_is_dropped_between_the_second_look_and_the_prediction_is_not_predicted()
    {
        PredictionMachine machine = NewMachine(looksAgain: true);
        machine.LayerReached(new(1), new(0), batch: 1);
        machine.Abandon(new(1));
        _effects.Take();
        machine.Continue(new(1));
        _effects.Take().Should().BeEmpty();
        machine.LayerReached(new(2), new(0), batch: 1);
        _effects.Take().Should().Equal("look ahead to 0 by Own", "yield");
    }

    [Fact]
    public void A_pass_without_lookahead_only_predicts()
    {
        PredictionMachine machine = NewMachine(looksAgain: true);
        machine.PassBegun(new(1), batch: 1, looksAhead: false);
        machine.LayerReached(new(1), new(0), batch: 1);
        _effects.Take().Should().Equal("begin", "predict 0", "release workers");
        machine.PassBegun(new(2), batch: 1, looksAhead: true);
        _effects.Take().Should().Equal("begin", "yield");
    }

    [Fact]
    public void A_layer_that_lookahead_knows_nothing_of_is_not_looked_at_a_second_time()
    {
        LookaheadPlan plan = new(3, distance: 1, firstCount: 1, covers: layer => layer != 1, looksAgain: true);
        PredictionMachine machine = new(plan, _effects);
        machine.LayerReached(new(1), new(1), batch: 1);
        _effects.Take().Should().Equal("predict 1", "yield");
    }

    private PredictionMachine NewMachine(bool looksAgain) =>
        new(new LookaheadPlan(3, distance: 1, firstCount: 1, covers: _ => true, looksAgain), _effects);

    private sealed class Effects : IPredictionEffects
    {
        private readonly List<string> _said = [];

        public string[] Take()
        {
            string[] said = [.. _said];
            _said.Clear();
            return said;
        }

        public void BeginPass(int batch) => _said.Add("begin");

        public void Predict(PassId pass, LayerIndex layer, int batch) => _said.Add($"predict {layer.Value}");

        public void LookAhead(PassId pass, LayerIndex target, LookaheadRank rank, int input, int batch) =>
            _said.Add($"look ahead to {target.Value} by {rank}");

        public void Yield(PassId pass) => _said.Add("yield");

        public void ReleaseWorkers(PassId pass) => _said.Add("release workers");

        public void Abandon(PassId pass) => _said.Add("abandon");
    }
}
