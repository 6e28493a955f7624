using System.Text;
using Neuralink.Storage;

namespace Neuralink.Models.Sampling;

/// <summary>
/// Watches streamed text for stop strings. Text that may be the beginning of one is held back until it is decided, so what
/// has been given out never has to be taken back. The stop string that ends first wins, the longest of those that end
/// together; what is found does not depend on how the text is cut into pieces. Time is linear in the text for each stop
/// string (Knuth, Morris and Pratt 1977); at most the longest stop string, less one char, is held.
/// Thread safety: none; one stream, one matcher.
/// </summary>
public sealed class StopMatcher
{
    private readonly string[] _stops;
    private readonly int[][] _fallbacks;
    private readonly int[] _matched;
    private readonly StringBuilder _held = new();

    /// <param name="stops">The stop strings; may be none, and then nothing is ever held.</param>
    /// <exception cref="NeuralinkException">A stop string is empty.</exception>
    public StopMatcher(IEnumerable<string> stops)
    {
        // The longest first: of those that end at one place it is found first.
        _stops = [.. stops.OrderByDescending(stop => stop.Length)];
        if (_stops.Contains("", StringComparer.Ordinal))
            throw new NeuralinkException("watch for stop strings", "each to have at least one character", "an empty one");

        _fallbacks = [.. _stops.Select(FallbacksOf)];
        _matched = new int[_stops.Length];
    }

    /// <summary>The stop string that was found, or null while none was.</summary>
    public string? Found { get; private set; }

    /// <summary>
    /// Takes the next piece of text and returns what may be given out: all that is decided, and when a stop string is found
    /// all that came before it. Once one is found the rest of the text is dropped and every call returns nothing.
    /// </summary>
    public string Append(string piece)
    {
        int keep = _held.Length;
        for (int i = 0; i < piece.Length && Found is null; i++)
        {
            _held.Append(piece[i]);
            keep = Advance(piece[i]);
        }

        string decided = Release(keep);
        if (Found is not null)
            _held.Clear();

        return decided;
    }

    /// <summary>Ends the stream: returns the text held back, which has turned out to be none of a stop string.</summary>
    public string Flush()
    {
        Array.Clear(_matched);
        return Release(keep: 0);
    }

    /// <summary>Takes one char; returns how many of the latest chars may be the beginning of a stop string.</summary>
    private int Advance(char next)
    {
        int longest = 0;
        for (int s = 0; s < _stops.Length; s++)
        {
            int matched = _matched[s];
            while (matched > 0 && _stops[s][matched] != next)
                matched = _fallbacks[s][matched - 1];

            matched += _stops[s][matched] == next ? 1 : 0;
            _matched[s] = matched;
            if (matched == _stops[s].Length)
            {
                Found = _stops[s];
                return matched;
            }

            longest = Math.Max(longest, matched);
        }

        return longest;
    }

    private string Release(int keep)
    {
        string decided = _held.ToString(0, _held.Length - keep);
        _held.Remove(0, decided.Length);
        return decided;
    }

    // fallbacks[i]: the length of the longest proper prefix of stop[..(i + 1)] that is also its suffix.
    private static int[] FallbacksOf(string stop)
    {
        int[] fallbacks = new int[stop.Length];
        int length = 0;
        for (int i = 1; i < stop.Length; i++)
        {
            while (length > 0 && stop[i] != stop[length])
                length = fallbacks[length - 1];

            length += stop[i] == stop[length] ? 1 : 0;
            fallbacks[i] = length;
        }

        return fallbacks;
    }
}
