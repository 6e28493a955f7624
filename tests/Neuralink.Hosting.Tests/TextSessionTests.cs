using Neuralink.Models.Sampling;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Hosting.Tests;

/// <summary>A session's text is what was appended and generated, wherever it was taken back to.</summary>
public sealed class TextSessionTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static readonly GreedyReference s_greedy = BundledModel.Greedy[0];

    [Fact]
    public async Task It_goes_on_from_where_it_was_taken_back_to_and_runs_only_what_is_new()
    {
        TextSession session = Begin();
        int start = session.Tokens.Count;
        await RunAsync(session, 48);
        session.Tokens.Should().Equal([.. s_greedy.PromptIds, .. s_greedy.NewIds[..48]]);
        session.Rewind(start + 40);
        GenerationResult rest = await RunAsync(session, 8);
        session.Tokens.Should().Equal([.. s_greedy.PromptIds, .. s_greedy.NewIds[..48]]);
        rest.PromptTokens.Should().Be(start + 40);
        rest.ReusedTokens.Should().BeGreaterThan(30, "keys and values are there of all but the last block");
    }

    [Fact]
    public async Task Another_way_on_is_what_a_new_text_would_have_been()
    {
        int[] other = served.Local.Tokenizer.Encode(" dog");
        TextSession session = Begin();
        await RunAsync(session, 6);
        session.Rewind(s_greedy.PromptIds.Length + 2);
        session.Append(other);
        await RunAsync(session, 8);
        TextSession anew = new(served.Engine);
        anew.Append([.. s_greedy.PromptIds, .. s_greedy.NewIds[..2], .. other]);
        await RunAsync(anew, 8);
        session.Tokens.Should().Equal(anew.Tokens);
    }

    [Fact]
    public async Task Cancelled_or_given_up_it_has_the_tokens_that_were_handed_out_and_can_go_on()
    {
        TextSession session = Begin();
        using CancellationTokenSource stop = new();
        Func<Task> cancelled = async () =>
        {
            await foreach (GenerationEvent _ in session.GenerateAsync(200, SamplingOptions.Greedy, cancellation: stop.Token))
                await stop.CancelAsync();
        };
        await cancelled.Should().ThrowAsync<OperationCanceledException>();
        session.Rewind(s_greedy.PromptIds.Length + 1);
        int read = 0;
        await foreach (GenerationEvent _ in session.GenerateAsync(200, SamplingOptions.Greedy))
        {
            if (++read == 3)
                break;
        }
        session.Tokens.Should().Equal([.. s_greedy.PromptIds, .. s_greedy.NewIds[..4]]);
        await RunAsync(session, 4);
        session.Tokens.Should().Equal([.. s_greedy.PromptIds, .. s_greedy.NewIds[..8]]);
    }

    [Fact]
    public async Task While_it_generates_it_is_not_changed()
    {
        TextSession session = Begin();
        await foreach (GenerationEvent happened in session.GenerateAsync(2, SamplingOptions.Greedy))
        {
            session.Invoking(s => s.Append([1])).Should().Throw<InvalidOperationException>();
            session.Invoking(s => s.Rewind(0)).Should().Throw<InvalidOperationException>();
            await session.Invoking(s => RunAsync(s, 1)).Should().ThrowAsync<InvalidOperationException>();
        }
        session.Rewind(0);
        session.Invoking(s => s.Rewind(1)).Should().Throw<ArgumentOutOfRangeException>();
        await session.Invoking(s => RunAsync(s, 1)).Should().ThrowAsync<NeuralinkException>().WithMessage("*at least 1 token*");
    }

    private TextSession Begin()
    {
        TextSession session = new(served.Engine);
        session.Append(s_greedy.PromptIds);
        return session;
    }

    private static async Task<GenerationResult> RunAsync(TextSession session, int tokens)
    {
        GenerationResult? result = null;
        await foreach (GenerationEvent happened in session.GenerateAsync(tokens, SamplingOptions.Greedy))
            result = (happened as GenerationFinished)?.Result ?? result;
        return result!;
    }
}
