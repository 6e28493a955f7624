using Neuralink.Storage;

namespace Neuralink;

/// <summary>
/// How many tokens a generation may have: a default gives way to the end of the context, a number that was asked for does not.
/// </summary>
public static class ContextFit
{
    /// <summary>Tokens that are generated when nobody says how many.</summary>
    public const int DefaultMaxTokens = 128;

    /// <summary>Tokens of an answer in a conversation when nobody says how many, as far as the context has room.</summary>
    public const int DefaultAnswerTokens = 1024;

    /// <summary>Positions of a conversation when nobody says how many, as far as the model was made for them.</summary>
    public const int DefaultConversationTokens = 2048;

    /// <param name="promptTokens">Tokens of the prompt.</param>
    /// <param name="asked">Tokens that were asked for, or null for up to <see cref="DefaultMaxTokens"/>.</param>
    /// <param name="contextMax">Positions there can be.</param>
    /// <param name="note">Told when there is less room than by default.</param>
    /// <exception cref="NeuralinkException">The prompt leaves no room, or less than was asked for.</exception>
    public static int MaxTokens(int promptTokens, int? asked, int contextMax, Action<string>? note = null)
    {
        int maxTokens = asked ?? DefaultMaxTokens, room = contextMax - promptTokens;
        if (maxTokens <= room)
            return maxTokens;
        if (asked is not null || room <= 0)
        {
            throw new NeuralinkException(
                "start the text", $"prompt and new tokens to fit the model's context of {contextMax} tokens",
                $"{promptTokens} + {maxTokens}", "shorten the prompt or generate fewer tokens");
        }
        note?.Invoke($"the prompt's {promptTokens} tokens leave room for {room} in the model's context of {contextMax}");
        return room;
    }
}
