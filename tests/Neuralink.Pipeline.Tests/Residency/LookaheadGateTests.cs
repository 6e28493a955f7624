using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Residency;

public sealed class LookaheadGateTests
{
    private const LookaheadRank Rank = LookaheadRank.Earlier;

    private static readonly LayerIndex s_good = new(1), s_bad = new(2);

    [Fact]
    public void A_layer_is_trusted_until_it_proves_wrong_and_again_when_it_proves_right()
    {
        LookaheadGate gate = new(layerCount: 3, precisionMin: 0.5);
        gate.IsTrusted(s_bad, Rank).Should().BeTrue("nothing speaks against it yet");
        Pass(gate, right: 10, passes: 3);
        gate.IsTrusted(s_bad, Rank).Should().BeTrue("three passes prove little");
        Pass(gate, right: 10, passes: 20);
        gate.IsTrusted(s_bad, Rank).Should().BeFalse();
        gate.IsTrusted(s_good, Rank).Should().BeTrue("layers are judged one by one");
        Pass(gate, right: 90, passes: 20);
        gate.IsTrusted(s_bad, Rank).Should().BeTrue();
    }

    [Fact]
    public void A_pass_without_lookahead_or_one_that_was_dropped_proves_nothing()
    {
        LookaheadGate gate = new(3, precisionMin: 0.9);
        for (int i = 0; i < 100; i++)
        {
            gate.EndLayer(s_bad);
            gate.Named(s_bad, Rank, 100);
            gate.Forget();
            gate.EndLayer(s_bad);
        }
        gate.IsTrusted(s_bad, Rank).Should().BeTrue();
    }

    [Fact]
    public void A_second_look_is_judged_apart_from_the_first()
    {
        LookaheadGate gate = new(3, precisionMin: 0.6);
        for (int i = 0; i < 40; i++)
        {
            gate.Named(s_bad, LookaheadRank.Own, 10);
            gate.Named(s_bad, LookaheadRank.Earlier, 10);
            gate.Right(s_bad, LookaheadRank.Earlier, 9);
            gate.EndLayer(s_bad);
        }
        gate.IsTrusted(s_bad, LookaheadRank.Own).Should().BeFalse();
        gate.IsTrusted(s_bad, LookaheadRank.Earlier).Should().BeTrue();
    }

    [Fact]
    public void Less_is_enough_where_the_device_is_idle_before_a_layer_is_reached_but_not_anything()
    {
        LookaheadGate gate = new(3, precisionMin: 0.6);
        Pass(gate, right: 40, passes: 40);
        gate.IsTrusted(s_bad, Rank).Should().BeFalse("the device counts as busy until it shows idle");
        Reach(gate, isBusy: false, passes: 400);
        gate.IsTrusted(s_bad, Rank).Should().BeTrue();
        Reach(gate, isBusy: true, passes: 40);
        gate.IsTrusted(s_bad, Rank).Should().BeFalse();
        Reach(gate, isBusy: false, passes: 400);
        Pass(gate, right: 10, passes: 40);
        gate.IsTrusted(s_bad, Rank).Should().BeFalse("reads in vain take processor time");
    }

    [Fact]
    public void A_device_that_is_idle_because_nothing_is_read_proves_its_idleness_slowly()
    {
        LookaheadGate gate = new(3, precisionMin: 0.6);
        Pass(gate, right: 40, passes: 40);
        int passes = 0;
        for (; !gate.IsTrusted(s_bad, Rank); passes++)
            gate.Reached(s_bad, isBusy: false);
        int read = 0;
        for (; gate.IsTrusted(s_bad, Rank); read++)
            gate.Reached(s_bad, isBusy: true);
        passes.Should().BeGreaterThan(20 * read, "where trying shows a busy device, it is tried seldom");
    }

    private static void Reach(LookaheadGate gate, bool isBusy, int passes)
    {
        for (int i = 0; i < passes; i++)
            gate.Reached(s_bad, isBusy);
    }

    private static void Pass(LookaheadGate gate, int right, int passes)
    {
        for (int i = 0; i < passes; i++)
        {
            gate.Named(s_bad, Rank, 60);
            gate.Named(s_bad, Rank, 40);          // lookahead names in parts
            gate.Right(s_bad, Rank, right);
            gate.EndLayer(s_bad);
            gate.Named(s_good, Rank, 10);
            gate.Right(s_good, Rank, 9);
            gate.EndLayer(s_good);
        }
    }
}
