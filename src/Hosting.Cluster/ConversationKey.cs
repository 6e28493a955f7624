using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Neuralink.Hosting.Cluster;

/// <summary>
/// Names for conversations, where a client gives none. Requests of the same name run on the same node, which still has the keys and values
/// of what they share.
/// </summary>
public static class ConversationKey
{
    /// <summary>
    /// Tokens that <see cref="OfTokens"/> looks at. Default: more than most first questions have, so that those stay apart; a prompt's
    /// beginning of this length is worth finding again.
    /// </summary>
    public const int PrefixTokens = 128;

    /// <summary>
    /// By what a conversation begins with and every later turn repeats: its messages up to the first of the user. The better name of the
    /// two, because a system prompt that many share does not bring them all to one node.
    /// </summary>
    /// <param name="opening">Roles and texts of these messages, in order.</param>
    public static string OfMessages(IEnumerable<(string Role, string Text)> opening)
    {
        XxHash128 hash = new();
        foreach ((string role, string text) in opening)
        {
            Append(hash, role);
            Append(hash, text);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>
    /// By the first tokens of a prompt. A prompt that is shorter has another name once it is continued, and then what it had is read again
    /// on another node; prompts with a long common beginning all go to one node. Who knows better names the conversation.
    /// </summary>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="tokens">How many count.</param>
    public static string OfTokens(ReadOnlySpan<int> prompt, int tokens = PrefixTokens) =>
        Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes(prompt[..Math.Min(tokens, prompt.Length)])));

    /// <summary>By a name of a client's own, of any length and characters.</summary>
    internal static string OfName(string name) => OfMessages([("", name)]);

    private static void Append(XxHash128 hash, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        hash.Append(BitConverter.GetBytes(bytes.Length));      // so that "ab", "c" and "a", "bc" differ
        hash.Append(bytes);
    }
}
