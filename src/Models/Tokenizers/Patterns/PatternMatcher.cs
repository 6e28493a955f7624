using System.Runtime.CompilerServices;
using System.Text;
using Neuralink.Models.Tokenizers.Unicode;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// Matches a pattern by trying, and going back to the last choice where that fails: the alternatives and lengths are tried in the order
/// that Perl, Oniguruma and .NET share, so the first match found is theirs. The text is seen in code points; half a surrogate pair is one.
/// Thread safety: none; one text, one matcher.
/// </summary>
internal ref struct PatternMatcher
{
    /// <summary>Choices taken back for one match at most, as in Oniguruma; published patterns need a handful.</summary>
    internal const int RetriesMax = 10_000_000;

    private readonly PatternProgram _program;
    private readonly Instruction[] _instructions;
    private readonly ReadOnlySpan<char> _text;
    private readonly int[] _slots;
    private Frame[] _frames = new Frame[32];
    private int _frameCount;
    private int _retries;

    /// <summary>Where a LookBehind's part must end; elsewhere -1.</summary>
    private int _requiredEnd = -1;

    public PatternMatcher(PatternProgram program, ReadOnlySpan<char> text)
    {
        _program = program;
        _instructions = program.Instructions;
        _text = text;
        _slots = program.Slots == 0 ? [] : new int[program.Slots];
    }

    /// <summary>The first match that begins at <paramref name="from"/> or later.</summary>
    /// <exception cref="NeuralinkException">The pattern tries too much.</exception>
    public bool Find(int from, out int start, out int end)
    {
        for (start = from; start <= _text.Length; start += start < _text.Length ? WidthAt(start) : 1)
        {
            if (_program.First is { } first)
            {
                while (start < _text.Length && !first.Contains(CodePointAt(start)))
                    start += WidthAt(start);
                if (start == _text.Length)
                    break;
            }
            _retries = 0;
            end = Run(0, start);
            if (end >= 0)
                return true;
        }
        (start, end) = (-1, -1);
        return false;
    }

    /// <summary>Where the part that begins at <paramref name="at"/> ends in the text, or -1.</summary>
    private int Run(int at, int position)
    {
        int bottom = _frameCount;
        while (true)
        {
            ref readonly Instruction instruction = ref _instructions[at];
            bool goesOn;
            switch (instruction.Operation)
            {
                case Operation.One:
                    goesOn = position < _text.Length && TakeOne(instruction.Set, ref position);
                    at++;
                    break;
                case Operation.Many:
                    goesOn = TakeMany(instruction, ref position, at, givesBack: true);
                    at++;
                    break;
                case Operation.ManyForGood:
                    goesOn = TakeMany(instruction, ref position, at, givesBack: false);
                    at++;
                    break;
                case Operation.Few:
                    goesOn = TakeFew(instruction, ref position, at);
                    at++;
                    break;
                case Operation.Choose:
                    goesOn = Choose(instruction.Choices!.At(position < _text.Length ? CodePointAt(position) : -1), ref at, position);
                    break;
                case Operation.Accept:
                    goesOn = _requiredEnd < 0 || position == _requiredEnd;
                    if (goesOn)
                    {
                        _frameCount = bottom;
                        return position;
                    }
                    break;
                default:
                    goesOn = Step(instruction, ref at, ref position);
                    break;
            }
            if (!goesOn && !GoBack(bottom, ref at, ref position))
                return -1;
        }
    }

    /// <summary>The operations that published patterns use seldom.</summary>
    private bool Step(in Instruction instruction, ref int at, ref int position)
    {
        switch (instruction.Operation)
        {
            case Operation.NextOrTarget:
                Push(instruction.Target, position, Frame.Resume);
                at++;
                return true;
            case Operation.TargetOrNext:
                Push(at + 1, position, Frame.Resume);
                at = instruction.Target;
                return true;
            case Operation.Jump:
                at = instruction.Target;
                return true;
            case Operation.Mark:
                Push(instruction.Min, _slots[instruction.Min], Frame.RestoreSlot);
                _slots[instruction.Min] = position;
                at++;
                return true;
            case Operation.LeaveIfStill:
                at = _slots[instruction.Min] == position ? instruction.Target : at + 1;
                return true;
            case Operation.Place:
                at++;
                return IsAt(instruction.Anchor, position);
            case Operation.Atomic:
                int end = RunFree(at + 1, position);
                (at, position) = (instruction.Target, end);
                return end >= 0;
            case Operation.LookAhead:
                bool isAhead = RunFree(at + 1, position) >= 0;
                at = instruction.Target;
                return isAhead == (instruction.Min == 0);
            default:
                bool isBehind = LooksBehind(instruction, at + 1, position);
                at = instruction.Target;
                return isBehind == (instruction.Operation == Operation.LookBehind);
        }
    }

    private int RunFree(int at, int position)
    {
        int outer = _requiredEnd;
        _requiredEnd = -1;
        int end = Run(at, position);
        _requiredEnd = outer;
        return end;
    }

    private bool LooksBehind(in Instruction instruction, int part, int position)
    {
        int outer = _requiredEnd;
        _requiredEnd = position;
        int start = position, back = 0;
        bool found = false;
        while (!found && back <= instruction.Max)
        {
            found = back >= instruction.Min && Run(part, start) >= 0;
            if (start == 0)
                break;
            start = Before(start);
            back++;
        }
        _requiredEnd = outer;
        return found;
    }

    private readonly bool TakeOne(CodePointSet set, ref int position)
    {
        char value = _text[position];
        if (!char.IsSurrogate(value))
        {
            position++;
            return set.ContainsBmp(value);
        }
        int codePoint = CodePointAt(position);
        position += codePoint >= 0x10000 ? 2 : 1;
        return set.Contains(codePoint);
    }

    private bool TakeMany(in Instruction instruction, ref int position, int at, bool givesBack)
    {
        CodePointSet set = instruction.Set;
        int count = 0, least = position;
        while (count < instruction.Max && position < _text.Length)
        {
            int next = position;
            if (!TakeOne(set, ref next))
                break;
            position = next;
            if (++count == instruction.Min)
                least = position;
        }
        if (count < instruction.Min)
            return false;
        if (givesBack && position > least)
            Push(at, position, least);
        return true;
    }

    private bool TakeFew(in Instruction instruction, ref int position, int at)
    {
        for (int count = 0; count < instruction.Min; count++)
        {
            if (position == _text.Length || !TakeOne(instruction.Set, ref position))
                return false;
        }
        if (instruction.Max > instruction.Min)
            Push(at, position, instruction.Max == int.MaxValue ? int.MaxValue : instruction.Max - instruction.Min);
        return true;
    }

    private bool Choose(uint possible, ref int at, int position)
    {
        if (possible == 0)
            return false;
        int choice = System.Numerics.BitOperations.TrailingZeroCount(possible);
        if ((possible & (possible - 1)) != 0)
            Push(at, position, (int)(possible & (possible - 1)));
        at = _instructions[at].Choices!.Target(choice);
        return true;
    }

    /// <summary>Takes back the last choice above <paramref name="bottom"/>.</summary>
    private bool GoBack(int bottom, ref int at, ref int position)
    {
        while (_frameCount > bottom)
        {
            Frame frame = _frames[--_frameCount];
            if (++_retries > _program.RetriesMax)
                ThrowTooMuch(_program.RetriesMax);
            if (frame.Extra == Frame.RestoreSlot)
            {
                _slots[frame.At] = frame.Position;
                continue;
            }
            (at, position) = (frame.At, frame.Position);
            if (frame.Extra == Frame.Resume)
                return true;
            ref readonly Instruction instruction = ref _instructions[at];
            switch (instruction.Operation)
            {
                case Operation.Choose:
                    return Choose((uint)frame.Extra, ref at, position);
                case Operation.Many:
                    position = Before(position);
                    if (position > frame.Extra)
                        Push(at, position, frame.Extra);
                    at++;
                    return true;
                case Operation.Few when position < _text.Length && TakeOne(instruction.Set, ref position):
                    if (frame.Extra > 1)
                        Push(at, position, frame.Extra == int.MaxValue ? int.MaxValue : frame.Extra - 1);
                    at++;
                    return true;
            }
        }
        return false;
    }

    private readonly bool IsAt(Anchor anchor, int position) => anchor switch
    {
        Anchor.TextStart => position == 0,
        Anchor.TextEnd => position == _text.Length,
        Anchor.LineStart => position == 0 || (position < _text.Length && _text[position - 1] == '\n'),
        Anchor.LineEnd => position == _text.Length || _text[position] == '\n',
        Anchor.LastLineEnd => position == _text.Length || (position == _text.Length - 1 && _text[position] == '\n'),
        Anchor.WordBoundary => IsWordBefore(position) != IsWordAt(position),
        _ => IsWordBefore(position) == IsWordAt(position),
    };

    private readonly bool IsWordAt(int position) => position < _text.Length && UnicodeSets.WordAlone.Contains(CodePointAt(position));

    private readonly bool IsWordBefore(int position) => position > 0 && UnicodeSets.WordAlone.Contains(CodePointAt(Before(position)));

    private readonly int WidthAt(int position) =>
        char.IsHighSurrogate(_text[position]) && position + 1 < _text.Length && char.IsLowSurrogate(_text[position + 1]) ? 2 : 1;

    private readonly int CodePointAt(int position)
    {
        char value = _text[position];
        return char.IsSurrogate(value) && WidthAt(position) == 2 ? new Rune(value, _text[position + 1]).Value : value;
    }

    private readonly int Before(int position) =>
        position > 1 && char.IsLowSurrogate(_text[position - 1]) && char.IsHighSurrogate(_text[position - 2]) ? position - 2 : position - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Push(int at, int position, int extra)
    {
        if (_frameCount == _frames.Length)
            Array.Resize(ref _frames, _frames.Length * 2);
        _frames[_frameCount++] = new Frame(at, position, extra);
    }

    private static void ThrowTooMuch(int retriesMax) => throw new NeuralinkException(
        "split the text", $"a pattern of the tokenizer that matches after at most {retriesMax} attempts", "more",
        "the tokenizer's pattern does not suit this text");

    /// <summary>A choice that can be taken back.</summary>
    /// <param name="At">The instruction, or for a slot its number.</param>
    /// <param name="Position">The position in the text then, or the slot's value.</param>
    /// <param name="Extra">
    /// Of Choose: the alternatives left. Of Many: the position not to go below. Of Few: how many more it may take. Or one of the two below.
    /// </param>
    private readonly record struct Frame(int At, int Position, int Extra)
    {
        public const int Resume = int.MinValue;
        public const int RestoreSlot = int.MinValue + 1;
    }
}
