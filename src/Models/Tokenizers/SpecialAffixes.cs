namespace Neuralink.Models.Tokenizers;

/// <summary>What is put around a text's tokens when special tokens are asked for.</summary>
internal sealed record SpecialAffixes(int[] Prefix, int[] Suffix)
{
    public static SpecialAffixes None { get; } = new([], []);

    /// <summary>These, and <paramref name="outer"/> around them.</summary>
    public SpecialAffixes Within(SpecialAffixes outer) => new([.. outer.Prefix, .. Prefix], [.. Suffix, .. outer.Suffix]);
}
