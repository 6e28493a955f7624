using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Neuralink.Models.Sampling;
using Neuralink.Storage;
using ChatMessage = Neuralink.Models.ChatTemplates.ChatMessage;
using ChatOptions = Microsoft.Extensions.AI.ChatOptions;
using TemplateOptions = Neuralink.Models.ChatTemplates.ChatOptions;

namespace Neuralink.Hosting;

/// <summary>What a chat client is asked for, as the engine wants it. What the engine cannot do is refused by name.</summary>
/// <param name="options">What is asked for beside the messages.</param>
/// <param name="time">What a template that asks for the time is told.</param>
internal sealed class ChatRequest(ChatOptions options, TimeProvider time)
{
    /// <summary>What it is to those who measure.</summary>
    public const string Operation = "chat";

    /// <exception cref="NeuralinkException">Something is not supported, or out of its range.</exception>
    public GenerationRequest ToGeneration(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages, NeuralinkEngine engine)
    {
        RefuseUnsupported();
        ChatKnobs knobs = ChatKnobs.Read(options.AdditionalProperties);
        int[] prompt = engine.ChatTemplate.Encode(
            engine.Tokenizer, [.. Turns(messages)], new TemplateOptions { Time = time, Variables = knobs.TemplateVariables });
        // Where nobody says how long the answer may be, the context's end is no mistake.
        int room = Math.Clamp(engine.ContextTokens - prompt.Length, 1, ContextFit.DefaultAnswerTokens);
        return new GenerationRequest
        {
            Prompt = prompt,
            Operation = Operation,
            MaxTokens = options.MaxOutputTokens ?? room,
            Sampling = Sampling(knobs),
            Stop = options.StopSequences is { } stop ? [.. stop] : [],
            IgnoreEndTokens = knobs.IgnoreEndTokens,
            SharesPrefix = true,
            Conversation = options.ConversationId,
            Deadline = knobs.Deadline,
        };
    }

    private SamplingOptions Sampling(ChatKnobs knobs)
    {
        SamplingOptions none = new();
        return none with
        {
            Temperature = options.Temperature ?? none.Temperature,
            TopP = options.TopP ?? none.TopP,
            TopK = options.TopK ?? none.TopK,
            MinP = knobs.MinP ?? none.MinP,
            RepeatPenalty = knobs.RepeatPenalty ?? none.RepeatPenalty,
            RepeatLastN = knobs.RepeatLastN ?? none.RepeatLastN,
            FrequencyPenalty = options.FrequencyPenalty ?? none.FrequencyPenalty,
            PresencePenalty = options.PresencePenalty ?? none.PresencePenalty,
            LogitBias = knobs.LogitBias ?? none.LogitBias,
            Seed = (ulong?)options.Seed,
        };
    }

    private void RefuseUnsupported()
    {
        if (options.ResponseFormat is not (null or ChatResponseFormatText))
        {
            throw Unsupported(
                "the response format text",
                options.ResponseFormat is ChatResponseFormatJson ? "json" : options.ResponseFormat.GetType().Name);
        }
        if (options.Tools is { Count: > 0 } tools)
            throw Unsupported("no tools", string.Join(", ", tools.Select(tool => tool.Name)));
        if (options.ToolMode is RequiredChatToolMode)
            throw Unsupported("no tools", "a tool mode that requires one");
        if (options.ContinuationToken is not null)
            throw Unsupported("no continuation token", "one");
        if (options.Reasoning is { Effort: not (null or ReasoningEffort.None) })
            throw Unsupported("no reasoning effort", $"{options.Reasoning.Effort}");
    }

    private IEnumerable<ChatMessage> Turns(IEnumerable<Microsoft.Extensions.AI.ChatMessage> messages)
    {
        if (!string.IsNullOrEmpty(options.Instructions))
            yield return new ChatMessage(ChatRole.System.Value, options.Instructions);
        foreach (Microsoft.Extensions.AI.ChatMessage message in messages)
        {
            ChatMessage turn = new(message.Role.Value, TextOf(message));
            yield return message.AuthorName is not { } name ? turn : turn with
            {
                Fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["name"] = JsonSerializer.SerializeToElement(name) },
            };
        }
    }

    private static string TextOf(Microsoft.Extensions.AI.ChatMessage message)
    {
        StringBuilder text = new();
        foreach (AIContent content in message.Contents)
        {
            if (content is TextContent part)
                text.Append(part.Text);
            else if (content is not UsageContent)
                throw Unsupported("messages of text", $"a {content.GetType().Name} in a message of the {message.Role.Value}");
        }
        return text.ToString();
    }

    private static NeuralinkException Unsupported(string expected, string found) =>
        new("answer", $"{expected}, as this model generates text only", found);
}
