using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Models.Sampling;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>The bytes of what happens while a text is generated.</summary>
internal static class EventFormat
{
    private enum EventKind
    {
        Token,
        Finished,
    }

    public static void Write(WireWriter to, ConversationProtocol.Happened message)
    {
        to.Id(message.Request);
        to.Signed(message.Number);
        switch (message.Event)
        {
            case TokenGenerated token:
                to.Signed((int)EventKind.Token);
                to.Signed(token.Id);
                to.Text(token.Text);
                to.Text(token.Piece);
                if (to.Has(token.LogProbs))
                    WriteLogProbs(to, token.LogProbs!);
                break;
            case GenerationFinished finished:
                to.Signed((int)EventKind.Finished);
                to.Text(finished.Text);
                WriteResult(to, finished.Result);
                break;
            default:
                throw new InvalidOperationException($"An event without bytes: {message.Event.GetType().Name}.");
        }
    }

    public static ConversationProtocol.Happened Read(ref WireReader from) =>
        new(from.Id(), from.Signed(), ReadEvent(ref from));

    public static void WriteFailure(WireWriter to, ConversationProtocol.Failed message)
    {
        to.Id(message.Request);
        to.Signed(message.Number);
        to.Signed((int)message.Failure.Kind);
        to.Text(message.Failure.Operation);
        to.OptionalText(message.Failure.Expected);
        to.Text(message.Failure.Found);
        to.OptionalText(message.Failure.Advice);
        to.Integers([.. message.Failure.Counts]);
    }

    public static ConversationProtocol.Failed ReadFailure(ref WireReader from)
    {
        Guid id = from.Id();
        long number = from.Signed();
        FailureKind kind = from.Choice<FailureKind>();
        string operation = from.Text();
        string? expected = from.OptionalText();
        return new ConversationProtocol.Failed(
            id, number, new GenerationFailure(kind, operation, expected, from.Text(), from.OptionalText(), from.Integers()));
    }

    private static GenerationEvent ReadEvent(ref WireReader from)
    {
        if (from.Choice<EventKind>() == EventKind.Token)
        {
            return new TokenGenerated(from.Integer(), from.Text())
            {
                Piece = from.Text(),
                LogProbs = from.Flag() ? ReadLogProbs(ref from) : null,
            };
        }
        string text = from.Text();
        return new GenerationFinished(ReadResult(ref from), text);
    }

    private static void WriteLogProbs(WireWriter to, TokenLogProbs logProbs)
    {
        WriteLogProb(to, logProbs.Chosen);
        to.Count((ulong)logProbs.Top.Count);
        foreach (TokenLogProb top in logProbs.Top)
            WriteLogProb(to, top);
    }

    private static TokenLogProbs ReadLogProbs(ref WireReader from)
    {
        TokenLogProb chosen = ReadLogProb(ref from);
        TokenLogProb[] top = new TokenLogProb[from.CountOf("tokens", 1 + sizeof(double))];
        foreach (ref TokenLogProb one in top.AsSpan())
            one = ReadLogProb(ref from);
        return new TokenLogProbs(chosen, top);
    }

    private static void WriteLogProb(WireWriter to, TokenLogProb one)
    {
        to.Signed(one.Id);
        to.Double(one.LogProb);
    }

    private static TokenLogProb ReadLogProb(ref WireReader from) => new(from.Integer(), from.Double());

    private static void WriteResult(WireWriter to, GenerationResult result)
    {
        to.Text(result.Text);
        to.Count((ulong)result.PromptTokens);
        to.Count((ulong)result.ReusedTokens);
        to.Integers([.. result.Tokens]);
        to.Signed((int)result.FinishReason);
        to.Double(result.Timings.WaitMillis);
        to.Double(result.Timings.PromptMillis);
        to.Double(result.Timings.PredictedMillis);
        to.Double(result.Timings.FirstTokenMillis);
        to.Double(result.Timings.PromptPerSecond);
        to.Double(result.Timings.PredictedPerSecond);
        MetricsFormat.Write(to, result.Io.Counts);
    }

    private static GenerationResult ReadResult(ref WireReader from)
    {
        string text = from.Text();
        int prompt = from.Natural(), reused = from.Natural();
        int[] tokens = from.Integers();
        FinishReason reason = from.Choice<FinishReason>();
        GenerationTimings timings = new()
        {
            WaitMillis = from.Double(),
            PromptMillis = from.Double(),
            PredictedMillis = from.Double(),
            FirstTokenMillis = from.Double(),
            PromptPerSecond = from.Double(),
            PredictedPerSecond = from.Double(),
        };
        IoCounts io = MetricsFormat.Read(ref from);
        return new GenerationResult
        {
            Text = text,
            PromptTokens = prompt,
            ReusedTokens = reused,
            Tokens = tokens,
            FinishReason = reason,
            Timings = timings,
            Io = io.Total,
            Layers = io.Layers,
        };
    }
}
