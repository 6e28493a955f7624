using Neuralink.Hosting.Cluster.Conversations;

namespace Neuralink.Hosting.Cluster.Tests.Conversations;

/// <summary>An exception is of the same kind again on the other side.</summary>
public sealed class GenerationFailureTests
{
    private static readonly GenerationRequest s_request = new() { Prompt = new[] { 1 }, Deadline = TimeSpan.FromSeconds(3) };

    public static TheoryData<Exception> Exceptions =>
    [
        new NeuralinkException("read neurons", "4096 bytes", "512", "check the device"),
        new NodeLostException("finish the text", null, "its node leaves"),
        new EngineBusyException(7),
        new ContextOverflowException(10, 20, 25),
        new DeadlineExceededException(TimeSpan.FromSeconds(3), 5),
    ];

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void It_has_the_same_type_message_and_numbers(Exception error)
    {
        Exception again = GenerationFailure.Of(error).ToException(s_request, tokens: 5);
        again.GetType().Should().Be(error.GetType());
        again.Message.Should().Be(error.Message);
        again.Should().BeEquivalentTo(
            error, o => o.RespectingRuntimeTypes().Excluding(e => e.StackTrace).Excluding(e => e.TargetSite).Excluding(e => e.Source));
    }

    [Fact]
    public void Cancellation_stays_cancellation_and_a_fault_is_named()
    {
        GenerationFailure.Of(new OperationCanceledException()).ToException(s_request, 0).Should().BeOfType<OperationCanceledException>();
        GenerationFailure.Of(new InvalidOperationException("broken")).ToException(s_request, 0)
            .Should().BeOfType<NeuralinkException>().Which.Message.Should().Contain("InvalidOperationException: broken");
    }
}
