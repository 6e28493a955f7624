using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// Reads sets of characters: escapes such as \s and \p{L}, and classes in brackets, in which Oniguruma knows classes inside classes,
/// intersections (&amp;&amp;) and POSIX names ([:alpha:]).
/// </summary>
internal sealed class ClassParser(PatternCursor cursor)
{
    private int _depth;

    /// <summary>The class whose '[' has been read.</summary>
    public CodePointSet Parse(PatternFlags flags)
    {
        (CodePointSet set, bool isNegated) = Read();
        if (flags.IgnoresCase)
        {
            if (!isNegated && CaseFolding.FindLongFoldIn(set) is { } letter)
                throw new PatternException($"a case-insensitive class with U+{letter:X4}, which is also several letters");
            set = CaseFolding.Close(set);
        }
        return isNegated ? set.Complement() : set;
    }

    /// <summary>The set of an escape whose backslash and <paramref name="letter"/> have been read, or null where it is none.</summary>
    /// <param name="letter">The letter behind the backslash.</param>
    /// <param name="isAlone">It stands outside a class, where word characters are a few more.</param>
    public CodePointSet? SetOfEscape(int letter, bool isAlone) => letter switch
    {
        'w' => isAlone ? UnicodeSets.WordAlone : UnicodeSets.Word,
        'W' => (isAlone ? UnicodeSets.WordAlone : UnicodeSets.Word).Complement(),
        'd' => UnicodeSets.DecimalDigit,
        'D' => UnicodeSets.DecimalDigit.Complement(),
        's' => UnicodeSets.Space,
        'S' => UnicodeSets.Space.Complement(),
        'h' => UnicodeSets.HexDigit,
        'H' => UnicodeSets.HexDigit.Complement(),
        'p' => Property(isAlone),
        'P' => Property(isAlone).Complement(),
        _ => null,
    };

    // Without braces, some versions of Oniguruma read \pL as a property and others as the letters p and L.
    private CodePointSet Property(bool isAlone)
    {
        if (!cursor.TakeIf('{'))
            throw new PatternException("\\p without braces");
        bool isNegated = cursor.TakeIf('^');
        string name = cursor.TakeUntil('}');
        CodePointSet set = UnicodeSets.Find(name) ?? throw new PatternException($"the property \\p{{{name}}}");
        if (isAlone && set == UnicodeSets.Word)
            set = UnicodeSets.WordAlone;
        return isNegated ? set.Complement() : set;
    }

    private (CodePointSet Set, bool IsNegated) Read()
    {
        if (++_depth > PatternParser.DepthMax)
            throw new PatternException($"more than {PatternParser.DepthMax} classes inside each other");
        bool isNegated = cursor.TakeIf('^');
        CodePointSet? before = null;
        ClassOperand operand = new();
        if (cursor.TakeIf(']'))
            operand.Add(']');
        while (!cursor.TakeIf(']'))
        {
            if (cursor.TakeIf("&&"))
            {
                before = operand.Close(before);
                operand = new ClassOperand();
            }
            else
            {
                ReadItem(operand);
            }
        }
        _depth--;
        return (operand.Close(before), isNegated);
    }

    private void ReadItem(ClassOperand operand)
    {
        int taken = cursor.Take();
        switch (taken)
        {
            case '[' when PosixName() is { } named:
                operand.AddSet(named);
                break;
            case '[':
                (CodePointSet set, bool isNegated) = Read();
                operand.AddClass(isNegated ? set.Complement() : set);
                break;
            case '-':
                operand.AddHyphen(isLast: cursor.Peek() == ']' || (cursor.Peek() == '&' && cursor.Peek(1) == '&'));
                break;
            case '\\':
                int letter = cursor.Take();
                if (SetOfEscape(letter, isAlone: false) is { } escaped)
                    operand.AddSet(escaped);
                else
                    operand.Add(letter == 'b' ? '\b' : cursor.EscapedCodePoint(letter));
                break;
            default:
                operand.Add(taken);
                break;
        }
    }

    // [:name:] or [:^name:]; anything else after "[:" is a class inside the class.
    private CodePointSet? PosixName()
    {
        int start = cursor.Position;
        if (cursor.TakeIf(':'))
        {
            bool isNegated = cursor.TakeIf('^');
            string name = "";
            while (cursor.Peek() is >= 'a' and <= 'z')
                name += (char)cursor.Take();
            if (name.Length > 0 && cursor.TakeIf(":]"))
            {
                CodePointSet set = UnicodeSets.FindPosix(name) ?? throw new PatternException($"the POSIX class [:{name}:]");
                return isNegated ? set.Complement() : set;
            }
        }
        cursor.Position = start;
        return null;
    }
}
