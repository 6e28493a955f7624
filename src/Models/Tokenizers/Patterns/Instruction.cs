using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>What an <see cref="Instruction"/> does. Unless said otherwise, the next one follows, or the match fails here.</summary>
internal enum Operation
{
    /// <summary>Take one character of the set.</summary>
    One,

    /// <summary>Take Min to Max characters of the set, as many as possible; give them back one by one.</summary>
    Many,

    /// <summary>The same, but never give back.</summary>
    ManyForGood,

    /// <summary>Take Min to Max characters of the set, as few as possible; take more one by one.</summary>
    Few,

    /// <summary>Go on at the first of the choices; try the others if that fails.</summary>
    Choose,

    /// <summary>Go on at the next instruction; try Target if that fails.</summary>
    NextOrTarget,

    /// <summary>Go on at Target; try the next instruction if that fails.</summary>
    TargetOrNext,

    /// <summary>Go on at Target.</summary>
    Jump,

    /// <summary>Note the position in slot Min.</summary>
    Mark,

    /// <summary>Go on at Target if the position is the one in slot Min: a repetition that took no text ends.</summary>
    LeaveIfStill,

    /// <summary>Match what follows up to Accept, take its text for good, and go on at Target.</summary>
    Atomic,

    /// <summary>The same, but take no text. With Min 1, go on only if it does not match.</summary>
    LookAhead,

    /// <summary>Whether what follows up to Accept matches up to here, from Min to Max characters before; then as LookAhead.</summary>
    LookBehind,

    /// <summary>The same, but go on only if it does not match.</summary>
    NotBehind,

    /// <summary>Go on if the position is the Anchor.</summary>
    Place,

    /// <summary>The pattern, or the part that Atomic and its like run, has matched.</summary>
    Accept,
}

/// <summary>One step of a compiled pattern; which of the values it uses, its operation says.</summary>
internal readonly record struct Instruction(Operation Operation)
{
    public CodePointSet Set { get; init; } = CodePointSet.None;

    public Choices? Choices { get; init; }

    public int Min { get; init; }

    /// <summary>int.MaxValue without a limit.</summary>
    public int Max { get; init; }

    public int Target { get; init; }

    public Anchor Anchor { get; init; }
}
