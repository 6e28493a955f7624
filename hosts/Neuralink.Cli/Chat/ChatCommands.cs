using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Chat;

/// <summary>What can be typed beside messages: lines that begin with a slash. A message that does is written with two.</summary>
/// <param name="conversation">What they change.</param>
/// <param name="engine">What they tell about.</param>
/// <param name="surroundings">Where they tell it.</param>
internal sealed class ChatCommands(Conversation conversation, NeuralinkEngine engine, Surroundings surroundings)
{
    private const string Help =
        """
        /clear           forget the conversation
        /system TEXT     what the model is told before it, and forget the conversation; without TEXT, nothing
        /save FILE       write the conversation as JSON
        /stats           what the last answer took
        /help            this
        /exit            end; Ctrl-D does so too
        Ctrl-C stops an answer. Alt-Enter begins a new line. A message that begins with / is typed with //.
        """;

    private readonly HashSet<string> _saved = new(StringComparer.Ordinal);

    /// <summary>Whether the end was asked for.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The last answer, or null.</summary>
    public GenerationResult? Last { get; set; }

    /// <summary>The message that a line is.</summary>
    public static string MessageOf(string line) => line.StartsWith("//", StringComparison.Ordinal) ? line[1..] : line;

    /// <summary>Does what a line asks for.</summary>
    /// <returns>False where the line is a message.</returns>
    public bool TryRun(string line)
    {
        if (!line.StartsWith('/') || line.StartsWith("//", StringComparison.Ordinal))
            return false;
        string[] parts = line.Split(' ', 2, StringSplitOptions.TrimEntries);
        string argument = parts.Length > 1 ? parts[1] : "";
        switch (parts[0])
        {
            case "/clear":
                Clear("forgotten");
                break;
            case "/system":
                conversation.System = argument.Length > 0 ? argument : null;
                Clear($"the conversation begins anew with{(argument.Length > 0 ? " this" : "out a system message")}");
                break;
            case "/save":
                Save(argument);
                break;
            case "/stats":
                surroundings.Note(Statistics());
                break;
            case "/help":
                surroundings.Error.WriteLine(Help);
                break;
            case "/exit" or "/quit":
                IsOver = true;
                break;
            default:
                Fail($"do {parts[0]}", "a command that /help lists", "none of them", "a message that begins with / is typed with //");
                break;
        }
        return true;
    }

    private void Clear(string said)
    {
        conversation.Messages.Clear();
        surroundings.Note(said);
    }

    private void Save(string path)
    {
        if (path.Length == 0)
        {
            Fail("save the conversation", "a file behind /save", "none");
            return;
        }
        string full = Path.GetFullPath(path);
        if (File.Exists(full) && !_saved.Contains(full))
        {
            Fail($"save the conversation to {path}", "no such file yet", "one that was not saved here", "give another name");
            return;
        }
        try
        {
            File.WriteAllText(full, conversation.ToJson(engine.Name) + "\n");
            _saved.Add(full);
            surroundings.Note($"saved {conversation.Messages.Count} messages to {path}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Fail($"save the conversation to {path}", "a file that can be written", error.Message);
        }
    }

    /// <summary>A person may go on with something else; a script's run ends.</summary>
    private void Fail(string operation, string expected, string found, string? advice = null)
    {
        NeuralinkException error = new(operation, expected, found, advice);
        if (surroundings.Keys is null)
            throw error;
        surroundings.Note($"error: {error.Message}");
    }

    private string Statistics()
    {
        if (Last is not { } last)
            return "nothing was answered yet";
        GenerationTimings t = last.Timings;
        return $"{last.Tokens.Count} tokens at {t.PredictedPerSecond:0.0} tokens/s; the first after {t.FirstTokenMillis:0} ms, for which "
            + $"{last.PromptTokens - last.ReusedTokens} of {last.PromptTokens} tokens were run; {engine.Diagnose(last)}";
    }
}
