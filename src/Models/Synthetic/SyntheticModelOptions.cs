namespace Neuralink.Models.Synthetic;

/// <summary>How to write a synthetic model.</summary>
/// <param name="TokenizerPath">The tokenizer.json it gets; tokens beyond it are never generated.</param>
/// <param name="Seed">Equal seeds give equal bytes.</param>
/// <param name="Replace">Whether a folder at the destination is replaced.</param>
public sealed record SyntheticModelOptions(string TokenizerPath, ulong Seed = 1, bool Replace = false);
