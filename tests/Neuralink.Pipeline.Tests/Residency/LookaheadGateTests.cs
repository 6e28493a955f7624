using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Residency;

public sealed class LookaheadJudgeTests
{
    private static readonly LayerIndex s_good = new(1), s_bad = new(2);

    [Fact]
    public void A_layer_is_trusted_until_it_proves_wrong_and_again_when_it_proves_right()
    {
        LookaheadGate judge = new(layerCount: 3, precisionMin: 0.5);
        judge.IsTrusted(s_bad).Should().BeTrue("nothing speaks against it yet");
        Pass(judge, right: 10, passes: 3);
        judge.IsTrusted(s_bad).Should().BeTrue("three passes prove little");
        Pass(judge, right: 10, passes: 20);
        judge.IsTrusted(s_bad).Should().BeFalse();
        judge.IsTrusted(s_good).Should().BeTrue("layers are judged one by one");
        Pass(judge, right: 90, passes: 20);
        judge.IsTrusted(s_bad).Should().BeTrue();
    }

    [Fact]
    public void A_pass_without_lookahead_or_one_that_was_dropped_proves_nothing()
    {
        LookaheadGate judge = new(3, precisionMin: 0.9);
        for (int i = 0; i < 100; i++)
        {
            judge.EndLayer(s_bad);
            judge.Named(s_bad, 100);
            judge.Forget();
            judge.EndLayer(s_bad);
        }
        judge.IsTrusted(s_bad).Should().BeTrue();
    }

    private static void Pass(LookaheadGate judge, int right, int passes)
    {
        for (int i = 0; i < passes; i++)
        {
            judge.Named(s_bad, 60);
            judge.Named(s_bad, 40);          // lookahead names in parts
            judge.Right(s_bad, right);
            judge.EndLayer(s_bad);
            judge.Named(s_good, 10);
            judge.Right(s_good, 9);
            judge.EndLayer(s_good);
        }
    }
}
