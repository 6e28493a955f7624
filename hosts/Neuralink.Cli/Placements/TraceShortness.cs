using Neuralink.Cli.Terminal;
using Neuralink.Cli.Traces;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>Whether a trace says enough to order neurons by it.</summary>
internal static class TraceShortness
{
    // Pairs are told apart by how often they fire together. A neuron that fires fewer than eight times has so few firings to
    // share that chance decides which other shares most of them; and below a thousand tokens that is so for any neuron which
    // fires at less than 0.8% of them.
    private const int TokensMin = 1000, ActivationsMin = 8;

    /// <summary>What a user is told about a trace too short to say which neurons fire together, or null.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="memoryBytesMax">Bounds the layers in memory at a time.</param>
    /// <param name="surroundings">Where progress is shown.</param>
    /// <param name="cancellation">Ends it.</param>
    public static string? Of(ActivationTrace trace, long memoryBytesMax, Surroundings surroundings, CancellationToken cancellation)
    {
        string few = trace.Info.TokenCount < TokensMin
            ? $"fewer than {TokensMin}"
            : MedianActivations(trace, memoryBytesMax, surroundings, cancellation) is < ActivationsMin and int median
                ? $"at which the median neuron fires {median} times, fewer than {ActivationsMin}"
                : "";
        return few.Length == 0
            ? null
            : $"{trace.Path} has {trace.Info.TokenCount} tokens, {few}: too few to say which neurons fire together; the order will be "
                + "close to frequency";
    }

    // Of the neurons that fire at all, in all layers.
    private static int MedianActivations(
        ActivationTrace trace, long memoryBytesMax, Surroundings surroundings, CancellationToken cancellation)
    {
        List<int> firings = [];
        ProgressDisplay.Run(surroundings, $"reading {Path.GetFileName(trace.Path)}", share => TraceLayers.Visit(
            trace,
            TraceLayers.ThreadsWithin(trace, memoryBytesMax),
            (_, active) =>
            {
                IEnumerable<int> fired = active.Frequencies().Where(count => count > 0);
                lock (firings)
                    firings.AddRange(fired);
            },
            share,
            cancellation));
        firings.Sort();
        return firings.Count == 0 ? 0 : firings[firings.Count / 2];
    }
}
