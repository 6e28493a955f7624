using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Models.Sampling;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// A request's bytes: every property of <see cref="GenerationRequest"/> and <see cref="SamplingOptions"/>, which a test holds this to.
/// </summary>
internal static class RequestFormat
{
    public static void Write(WireWriter to, ConversationProtocol.Generate message)
    {
        to.Id(message.Request);
        to.Text(message.Conversation);
        to.Text(message.ModelDigest);
        to.Count((ulong)message.Window);
        GenerationRequest request = message.Generation;
        to.Integers(request.Prompt.Span);
        to.Count((ulong)request.MaxTokens);
        to.Text(request.Operation);
        WriteSampling(to, request.Sampling);
        to.Count((ulong)request.Stop.Count);
        foreach (string stop in request.Stop)
            to.Text(stop);
        if (to.Has(request.LogProbs))
            to.Signed(request.LogProbs!.Value);
        to.Flag(request.IgnoreEndTokens);
        to.Flag(request.SharesPrefix);
        if (to.Has(request.Deadline))
            to.Signed(request.Deadline!.Value.Ticks);
        to.OptionalText(request.Conversation);
    }

    public static ConversationProtocol.Generate Read(ref WireReader from)
    {
        Guid id = from.Id();
        string conversation = from.Text(), digest = from.Text();
        return new ConversationProtocol.Generate(id, conversation, digest, from.Natural(), ReadRequest(ref from));
    }

    private static GenerationRequest ReadRequest(ref WireReader from) => new()
    {
        Prompt = from.Integers(),
        MaxTokens = from.Natural(),
        Operation = from.Text(),
        Sampling = ReadSampling(ref from),
        Stop = ReadTexts(ref from),
        LogProbs = from.Flag() ? from.Integer() : null,
        IgnoreEndTokens = from.Flag(),
        SharesPrefix = from.Flag(),
        Deadline = from.Flag() ? TimeSpan.FromTicks(from.Signed()) : null,
        Conversation = from.OptionalText(),
    };

    private static string[] ReadTexts(ref WireReader from)
    {
        string[] texts = new string[from.CountOf("texts")];
        foreach (ref string text in texts.AsSpan())
            text = from.Text();
        return texts;
    }

    private static void WriteSampling(WireWriter to, SamplingOptions sampling)
    {
        to.Float(sampling.Temperature);
        to.Signed(sampling.TopK);
        to.Float(sampling.TopP);
        to.Float(sampling.MinP);
        to.Float(sampling.RepeatPenalty);
        to.Float(sampling.FrequencyPenalty);
        to.Float(sampling.PresencePenalty);
        to.Signed(sampling.RepeatLastN);
        to.Count((ulong)sampling.LogitBias.Count);
        foreach ((int token, float bias) in sampling.LogitBias)
        {
            to.Signed(token);
            to.Float(bias);
        }
        if (to.Has(sampling.Seed))
            to.Count(sampling.Seed!.Value);
    }

    private static SamplingOptions ReadSampling(ref WireReader from) => new()
    {
        Temperature = from.Float(),
        TopK = from.Integer(),
        TopP = from.Float(),
        MinP = from.Float(),
        RepeatPenalty = from.Float(),
        FrequencyPenalty = from.Float(),
        PresencePenalty = from.Float(),
        RepeatLastN = from.Integer(),
        LogitBias = ReadLogitBias(ref from),
        Seed = from.Flag() ? from.Count() : null,
    };

    private static Dictionary<int, float> ReadLogitBias(ref WireReader from)
    {
        int count = from.CountOf("biases", 1 + sizeof(float));
        Dictionary<int, float> biases = new(count);
        for (int i = 0; i < count; i++)
        {
            int token = from.Integer();
            if (!biases.TryAdd(token, from.Float()))
                throw from.Error("one bias a token", $"two of token {token}");
        }
        return biases;
    }
}
