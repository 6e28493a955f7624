using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>What can be said of a pattern's matches without a text.</summary>
internal static class PatternShape
{
    /// <summary>The characters that a match can begin with, or null where it can be empty.</summary>
    public static CodePointSet? FirstOf(PatternNode node) => node switch
    {
        SetNode set => set.Set,
        SequenceNode sequence => FirstOfSequence(sequence.Items),
        AlternationNode alternation => alternation.Items.Select(FirstOf).Aggregate(
            (CodePointSet?)CodePointSet.None, (all, first) => all is null || first is null ? null : all.Union(first)),
        RepeatNode repeat => repeat.Min == 0 ? null : FirstOf(repeat.Body),
        AtomicNode atomic => FirstOf(atomic.Body),
        _ => null,
    };

    /// <summary>The fewest and the most characters of a match; int.MaxValue without a limit.</summary>
    public static (int Min, int Max) LengthOf(PatternNode node) => node switch
    {
        SetNode => (1, 1),
        SequenceNode sequence =>
            sequence.Items.Select(LengthOf).Aggregate((0, 0), (sum, item) => (Add(sum.Item1, item.Min), Add(sum.Item2, item.Max))),
        AlternationNode alternation =>
            (alternation.Items.Min(item => LengthOf(item).Min), alternation.Items.Max(item => LengthOf(item).Max)),
        RepeatNode repeat => (Times(LengthOf(repeat.Body).Min, repeat.Min), Times(LengthOf(repeat.Body).Max, repeat.Max ?? int.MaxValue)),
        AtomicNode atomic => LengthOf(atomic.Body),
        _ => (0, 0),
    };

    public static bool CanBeEmpty(PatternNode node) => LengthOf(node).Min == 0;

    // A part that takes no text only narrows what may follow, so the set of what follows stands.
    private static CodePointSet? FirstOfSequence(IReadOnlyList<PatternNode> items)
    {
        CodePointSet all = CodePointSet.None;
        foreach (PatternNode item in items)
        {
            if (item is AnchorNode or LookNode)
                continue;
            if (FirstOf(item) is { } first)
                return all.Union(first);
            if (FirstOfOptional(item) is not { } optional)
                return null;
            all = all.Union(optional);
        }
        return null;
    }

    /// <summary>Of what may be empty because it is repeated no time: what it begins with otherwise.</summary>
    private static CodePointSet? FirstOfOptional(PatternNode node) => node switch
    {
        RepeatNode repeat => FirstOf(repeat.Body),
        AtomicNode atomic => FirstOfOptional(atomic.Body),
        SequenceNode { Items.Count: 0 } => CodePointSet.None,
        SequenceNode { Items.Count: 1 } sequence => FirstOfOptional(sequence.Items[0]),
        _ => null,
    };

    private static int Add(int left, int right) => (int)Math.Min((long)left + right, int.MaxValue);

    private static int Times(int left, int right) => (int)Math.Min((long)left * right, int.MaxValue);
}
