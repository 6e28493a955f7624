using System.Text.Encodings.Web;
using System.Text.Json;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Cli.Chat;

/// <summary>What was said, and its tokens by the model's template.</summary>
/// <param name="template">Writes it.</param>
/// <param name="tokenizer">Encodes it.</param>
/// <param name="system">What the model is told before it, or null.</param>
/// <param name="time">What a template that asks for the time is told.</param>
internal sealed class Conversation(ChatTemplate template, Tokenizer tokenizer, string? system, TimeProvider time)
{
    public const string UserRole = "user", AssistantRole = "assistant";

    private const string SystemRole = "system";

    private static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What the model is told before the conversation, or null.</summary>
    public string? System { get; set; } = system;

    /// <summary>The turns so far, without the system's.</summary>
    public List<ChatMessage> Messages { get; } = [];

    private IEnumerable<ChatMessage> All => System is null ? Messages : Messages.Prepend(new ChatMessage(SystemRole, System));

    /// <summary>All of it up to where the assistant's answer begins.</summary>
    /// <exception cref="NeuralinkException">The template refuses it.</exception>
    public int[] Encode() => template.Encode(tokenizer, [.. All], new ChatOptions { Time = time });

    /// <summary>The same, without the oldest turns where they leave no room for an answer.</summary>
    /// <param name="contextTokens">Positions there are.</param>
    /// <param name="answerTokensMax">Tokens that an answer may have.</param>
    /// <param name="dropped">Messages that were left out for good.</param>
    /// <exception cref="NeuralinkException">The last message alone leaves no room.</exception>
    public int[] Fit(int contextTokens, int answerTokensMax, out int dropped)
    {
        int room = Math.Min(answerTokensMax, Math.Max(1, contextTokens / 4));
        dropped = 0;
        while (true)
        {
            int[] tokens = Encode();
            if (tokens.Length + room <= contextTokens)
                return tokens;
            if (Messages.Count <= 1)
            {
                throw new NeuralinkException(
                    "answer", $"a message and an answer that fit a context of {contextTokens} tokens", $"{tokens.Length} tokens before it",
                    "say it shorter, or give a larger --context");
            }
            // A turn and its answer go together: templates want them in turns.
            int count = Math.Min(Messages.Count > 1 && Messages[1].Role == AssistantRole ? 2 : 1, Messages.Count - 1);
            Messages.RemoveRange(0, count);
            dropped += count;
        }
    }

    /// <summary>As JSON: {"model", "messages": [{"role", "content"}]}.</summary>
    public string ToJson(string model) => JsonSerializer.Serialize(
        new { model, messages = All.Select(message => new { role = message.Role, content = message.Content }) }, s_json);
}
