namespace Neuralink.Peers;

/// <summary>One run of one engine, as it is printed: times in milliseconds, sizes in bytes.</summary>
internal sealed record PeerRun
{
    public required string Peer { get; init; }

    /// <summary>Counts from 0.</summary>
    public required int Round { get; init; }

    /// <summary>"cold" or "warm".</summary>
    public required string PageCache { get; init; }

    public required long? LimitBytes { get; init; }

    public required double MillisPerToken { get; init; }

    public required double? WorstMillis { get; init; }

    public required double? LoadMillis { get; init; }

    public required double? FirstTokenMillis { get; init; }

    /// <summary>Of the whole process, from its start to its end.</summary>
    public required double Seconds { get; init; }

    /// <summary>Fetched from block devices by the whole process.</summary>
    public required long ReadBytes { get; init; }

    public required long MajorFaults { get; init; }

    /// <summary>The most memory, page cache included; null without a limit.</summary>
    public required long? PeakBytes { get; init; }

    /// <summary>Whether its tokens are those of the first engine that says any; null where it says none.</summary>
    public required bool? SameTokens { get; init; }
}
