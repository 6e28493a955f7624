using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Neuralink.Storage;

namespace Neuralink.Peers;

/// <summary>An engine to run: its command line, and how its output says how fast it was.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Words">The program and its arguments.</param>
/// <param name="Model">The file or folder of its model, which leaves the page cache before a cold run.</param>
/// <param name="Rate">Finds tokens a second in its output, in its only group; null for one that prints a <see cref="PeerOutput"/>.</param>
internal sealed record PeerCommand(string Name, IReadOnlyList<string> Words, string Model, Regex? Rate)
{
    /// <summary>What a run printed, read by <see cref="Rate"/> or as JSON.</summary>
    /// <exception cref="NeuralinkException">It is not there.</exception>
    public PeerOutput Read(string output)
    {
        if (Rate is null)
        {
            string last = output.TrimEnd().Split('\n')[^1];
            return JsonSerializer.Deserialize(last, PeerJson.Default.PeerOutput)!;
        }
        Match match = Rate.Match(output);
        if (!match.Success || !double.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out double rate) || rate <= 0)
        {
            throw new NeuralinkException(
                $"read the rate of {Name}", $"text that matches {Rate} with a number in its group", Shortened(output),
                "correct \"rate\" in its description");
        }
        return new PeerOutput { MillisPerToken = 1000 / rate };
    }

    private static string Shortened(string output) => output.Length switch
    {
        0 => "no output",
        > 200 => $"'...{output[^200..].ReplaceLineEndings(" ")}'",
        _ => $"'{output.ReplaceLineEndings(" ")}'",
    };
}

/// <summary>What an engine that is built in prints: its last line, as JSON.</summary>
internal sealed record PeerOutput
{
    /// <summary>From a token to the next, the mean.</summary>
    public required double MillisPerToken { get; init; }

    /// <summary>The longest of them, or null.</summary>
    public double? WorstMillis { get; init; }

    /// <summary>Opening the model, or null.</summary>
    public double? LoadMillis { get; init; }

    /// <summary>From the prompt to the first token, or null.</summary>
    public double? FirstTokenMillis { get; init; }

    /// <summary>The tokens' ids, the prompt's before them; or null.</summary>
    public IReadOnlyList<int>? Tokens { get; init; }

    /// <summary>Of times at which tokens were there.</summary>
    /// <param name="loadMillis">Opening the model.</param>
    /// <param name="tokenMillis">Of each token from the prompt on; at least two.</param>
    /// <param name="tokens">All ids.</param>
    public static PeerOutput Of(double loadMillis, IReadOnlyList<double> tokenMillis, IReadOnlyList<int> tokens)
    {
        double[] gaps = [.. tokenMillis.Zip(tokenMillis.Skip(1), (earlier, later) => later - earlier)];
        return new PeerOutput
        {
            MillisPerToken = gaps.Average(),
            WorstMillis = gaps.Max(),
            LoadMillis = loadMillis,
            FirstTokenMillis = tokenMillis[0],
            Tokens = tokens,
        };
    }
}

/// <summary>A description file: any command line as a peer (README.md).</summary>
internal sealed record PeerDescription
{
    public required string Name { get; init; }

    /// <summary>The program and its arguments, in which {model}, {prompt}, {tokens} and {threads} are filled in.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public required string Model { get; init; }

    /// <summary>A regular expression with one group: tokens a second.</summary>
    public required string Rate { get; init; }

    /// <exception cref="NeuralinkException">The file is missing or wrong.</exception>
    public static PeerCommand Read(string path, PeerSettings settings)
    {
        PeerDescription description;
        try
        {
            description = JsonSerializer.Deserialize(File.ReadAllBytes(path), PeerJson.Default.PeerDescription)
                ?? throw new JsonException("null");
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Wrong(path, error.Message);
        }
        if (description.Command.Count == 0 || description.Command.Any(string.IsNullOrEmpty) || description.Name.Length == 0)
            throw Wrong(path, "an empty name or command");
        return new PeerCommand(
            description.Name, [.. description.Command.Select(word => Fill(word, description.Model, settings))], description.Model,
            Pattern(path, description.Rate));
    }

    private static string Fill(string word, string model, PeerSettings settings) => word
        .Replace("{model}", model, StringComparison.Ordinal).Replace("{prompt}", settings.Prompt, StringComparison.Ordinal)
        .Replace("{tokens}", $"{settings.Tokens}", StringComparison.Ordinal)
        .Replace("{threads}", $"{settings.Threads}", StringComparison.Ordinal);

    private static Regex Pattern(string path, string rate)
    {
        try
        {
            Regex pattern = new(rate, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
            return pattern.GetGroupNumbers().Length == 2 ? pattern : throw Wrong(path, $"\"rate\": {rate} has not one group");
        }
        catch (ArgumentException error)
        {
            throw Wrong(path, $"\"rate\": {error.Message}");
        }
    }

    private static NeuralinkException Wrong(string path, string found) => new(
        $"read the peer {path}", "JSON with \"name\", \"command\" (a list), \"model\" and \"rate\" (a regular expression with one group)",
        found, "see bench/Neuralink.Peers/README.md");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PeerDescription))]
[JsonSerializable(typeof(PeerOutput))]
[JsonSerializable(typeof(PeerRun))]
internal sealed partial class PeerJson : JsonSerializerContext;
