using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>Turns a parsed pattern into the instructions that <see cref="PatternMatcher"/> follows.</summary>
internal sealed class PatternCompiler
{
    /// <summary>Instructions of a pattern at most: repetitions of groups are written out.</summary>
    internal const int InstructionsMax = 20_000;

    private readonly List<Instruction> _program = [];
    private int _slots;

    private PatternCompiler()
    {
    }

    /// <exception cref="PatternException">It would become too long.</exception>
    public static PatternProgram Compile(PatternNode node)
    {
        PatternCompiler compiler = new();
        compiler.Emit(node);
        compiler.Append(new Instruction(Operation.Accept));
        return new PatternProgram([.. compiler._program], compiler._slots, PatternShape.FirstOf(node));
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case SetNode set:
                Append(new Instruction(Operation.One) { Set = set.Set });
                break;
            case SequenceNode sequence:
                foreach (PatternNode item in sequence.Items)
                    Emit(item);
                break;
            case AlternationNode alternation:
                EmitChoice(alternation.Items);
                break;
            case AtomicNode { Body: RepeatNode { IsLazy: false } repeat } when SetOf(repeat.Body) is { } set:
                Append(new Instruction(Operation.ManyForGood) { Set = set, Min = repeat.Min, Max = repeat.Max ?? int.MaxValue });
                break;
            case RepeatNode repeat when SetOf(repeat.Body) is { } set:
                Append(new Instruction(repeat.IsLazy ? Operation.Few : Operation.Many)
                {
                    Set = set,
                    Min = repeat.Min,
                    Max = repeat.Max ?? int.MaxValue,
                });
                break;
            case RepeatNode repeat:
                EmitRepeat(repeat);
                break;
            case AtomicNode atomic:
                EmitPart(Operation.Atomic, atomic.Body, 0, 0);
                break;
            case LookNode { IsBehind: false } look:
                EmitPart(Operation.LookAhead, look.Body, look.IsNegative ? 1 : 0, 0);
                break;
            case LookNode look:
                (int min, int max) = PatternShape.LengthOf(look.Body);
                EmitPart(look.IsNegative ? Operation.NotBehind : Operation.LookBehind, look.Body, min, max);
                break;
            case AnchorNode place:
                Append(new Instruction(Operation.Place) { Anchor = place.Anchor });
                break;
        }
    }

    private static CodePointSet? SetOf(PatternNode node) => node switch
    {
        SetNode set => set.Set,
        SequenceNode { Items.Count: 1 } sequence => SetOf(sequence.Items[0]),
        _ => null,
    };

    private void EmitPart(Operation operation, PatternNode body, int min, int max)
    {
        int at = Append(default);
        Emit(body);
        Append(new Instruction(Operation.Accept));
        _program[at] = new Instruction(operation) { Min = min, Max = max, Target = _program.Count };
    }

    private void EmitChoice(IReadOnlyList<PatternNode> items)
    {
        if (items.Count > Choices.Max)
        {
            EmitChoice([.. items.Take(Choices.Max - 1), new AlternationNode([.. items.Skip(Choices.Max - 1)])]);
            return;
        }

        int at = Append(default);
        int[] targets = new int[items.Count];
        List<int> exits = [];
        for (int i = 0; i < items.Count; i++)
        {
            targets[i] = _program.Count;
            Emit(items[i]);
            exits.Add(Append(default));
        }
        _program[at] = new Instruction(Operation.Choose) { Choices = new Choices(targets, [.. items.Select(PatternShape.FirstOf)]) };
        foreach (int exit in exits)
            _program[exit] = new Instruction(Operation.Jump) { Target = _program.Count };
    }

    private void EmitRepeat(RepeatNode repeat)
    {
        for (int i = 0; i < repeat.Min; i++)
            Emit(repeat.Body);
        if (repeat.Max is { } max)
        {
            List<int> exits = [];
            for (int i = repeat.Min; i < max; i++)
            {
                exits.Add(Append(default));
                Emit(repeat.Body);
            }
            foreach (int exit in exits)
                _program[exit] = Fork(repeat, _program.Count);
            return;
        }

        bool canBeEmpty = PatternShape.CanBeEmpty(repeat.Body);
        int slot = canBeEmpty ? _slots++ : 0, leave = 0;
        int loop = Append(default);
        if (canBeEmpty)
            Append(new Instruction(Operation.Mark) { Min = slot });
        Emit(repeat.Body);
        if (canBeEmpty)
            leave = Append(default);
        Append(new Instruction(Operation.Jump) { Target = loop });
        _program[loop] = Fork(repeat, _program.Count);
        if (canBeEmpty)
            _program[leave] = new Instruction(Operation.LeaveIfStill) { Min = slot, Target = _program.Count };
    }

    private static Instruction Fork(RepeatNode repeat, int exit) =>
        new(repeat.IsLazy ? Operation.TargetOrNext : Operation.NextOrTarget) { Target = exit };

    private int Append(Instruction instruction)
    {
        if (_program.Count == InstructionsMax)
            throw new PatternException($"repetitions that come to more than {InstructionsMax} steps");
        _program.Add(instruction);
        return _program.Count - 1;
    }
}

/// <summary>A compiled pattern. Thread safety: immutable.</summary>
/// <param name="Instructions">The first is where matching begins.</param>
/// <param name="Slots">Positions that repetitions note.</param>
/// <param name="First">The characters that a match can begin with, or null where it can be empty.</param>
internal sealed record PatternProgram(Instruction[] Instructions, int Slots, CodePointSet? First)
{
    /// <summary>Choices taken back for one match at most.</summary>
    public int RetriesMax { get; init; } = PatternMatcher.RetriesMax;
}
