using Neuralink.Kernels;
using Neuralink.Placement.Caching;
using Neuralink.Storage.Devices;

namespace Neuralink;

/// <summary>What options that take one of a few words take, in command lines and configuration files alike.</summary>
public static class OptionWords
{
    /// <summary>How the neuron cache is ruled.</summary>
    public static IReadOnlyList<(string Word, CachePolicyKind Value)> CachePolicies { get; } =
    [
        ("lfu", CachePolicyKind.Lfu), ("s3-fifo", CachePolicyKind.S3Fifo), ("lru", CachePolicyKind.Lru),
        ("window", CachePolicyKind.Window), ("none", CachePolicyKind.None),
    ];

    /// <summary>Whether the empty cache is filled.</summary>
    public static IReadOnlyList<(string Word, WarmUpMode Value)> WarmUps { get; } =
        [("auto", WarmUpMode.Auto), ("none", WarmUpMode.None)];

    /// <summary>How flash is read.</summary>
    public static IReadOnlyList<(string Word, FlashAccess Value)> Io { get; } =
        [("direct", FlashAccess.Direct), ("buffered", FlashAccess.Buffered), ("uring", FlashAccess.Uring)];

    /// <summary>The format an unpacked model is packed in.</summary>
    public static IReadOnlyList<(string Word, WeightFormat Value)> Weights { get; } =
        [
        ("f16", WeightFormat.F16), ("bf16", WeightFormat.BF16), ("f32", WeightFormat.F32), ("q8_0", WeightFormat.Q8_0),
        ("q4_0", WeightFormat.Q4_0),
    ];

    /// <summary>How reading and computing share the time.</summary>
    public static IReadOnlyList<(string Word, ExecutionStrategy Value)> Strategies { get; } =
        [.. Enum.GetValues<ExecutionStrategy>().Select(strategy => (StrategySwitches.Of(strategy).Name, strategy))];

    /// <summary>The value of a word, whatever its case.</summary>
    public static bool TryRead<T>(IReadOnlyList<(string Word, T Value)> words, string text, out T value)
        where T : struct
    {
        foreach ((string word, T meant) in words)
        {
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                value = meant;
                return true;
            }
        }
        value = default;
        return false;
    }

    /// <summary>What an error says was expected: "direct or buffered or uring".</summary>
    public static string Expected<T>(IReadOnlyList<(string Word, T Value)> words) => string.Join(" or ", words.Select(word => word.Word));
}
