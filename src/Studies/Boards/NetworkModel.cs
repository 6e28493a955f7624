namespace Neuralink.Studies.Boards;

/// <summary>A network between boards: what a message takes from one to another.</summary>
/// <param name="Name">For people.</param>
/// <param name="LatencyMicros">Of the shortest message, one way, in microseconds.</param>
/// <param name="BytesPerMicro">What a board can send, or receive, in bytes a microsecond, which is MB/s.</param>
/// <param name="Source">Where the numbers are from.</param>
internal sealed record NetworkModel(string Name, double LatencyMicros, double BytesPerMicro, string Source)
{
    /// <summary>Those that are studied.</summary>
    public static IReadOnlyList<NetworkModel> All { get; } =
    [
        new(
            "1 GbE", 100, 118,
            "1 Gbit/s (IEEE 802.3ab) less the frames' overhead; a round trip of 0.2 ms through a switch and two kernels: assumed"),
        new(
            "Wi-Fi 6", 1500, 75,
            "1201 Mbit/s of two streams over 80 MHz (IEEE 802.11ax), of which half arrives: assumed, as is a round trip of 3 ms"),
        new("10 GbE", 25, 1180, "10 Gbit/s (IEEE 802.3an) less the frames' overhead; a round trip of 0.05 ms: assumed"),
    ];

    /// <summary>
    /// Microseconds until one board's message has reached several others, and the answer of each has come back: its link takes them one
    /// after the other, both ways.
    /// </summary>
    /// <param name="others">The others.</param>
    /// <param name="sentBytes">To each.</param>
    /// <param name="answerBytes">From each.</param>
    public double ExchangeMicros(int others, long sentBytes, long answerBytes) =>
        others == 0 ? 0 : (2 * LatencyMicros) + (others * (sentBytes + answerBytes) / BytesPerMicro);
}
