namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>The options in force at a place of a pattern.</summary>
/// <param name="IgnoresCase">(?i)</param>
/// <param name="DotMatchesAll">(?m): in Oniguruma this lets the dot match a line feed.</param>
/// <param name="IsExtended">(?x): white space and comments between the parts mean nothing.</param>
internal readonly record struct PatternFlags(bool IgnoresCase, bool DotMatchesAll, bool IsExtended);
