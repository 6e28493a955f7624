using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// Reads a regular expression as Oniguruma does by its default syntax, in which Hugging Face's tokenizers read tokenizer.json. What has no
/// meaning to this parser, such as a back reference, is refused: nothing is matched approximately.
/// </summary>
internal sealed class PatternParser
{
    /// <summary>Groups and classes inside each other; published patterns have three.</summary>
    internal const int DepthMax = 100;

    private static readonly CodePointSet s_lineFeed = CodePointSet.Of('\n');
    private static readonly CodePointSet s_newlines = CodePointSet.Parse("A-D 85 2028-2029");

    private readonly PatternCursor _cursor;
    private readonly ClassParser _classes;
    private int _depth;

    private PatternParser(string pattern)
    {
        _cursor = new PatternCursor(pattern);
        _classes = new ClassParser(_cursor);
    }

    /// <exception cref="PatternException">The pattern is malformed or uses what is not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        PatternParser parser = new(pattern);
        PatternNode node = parser.Alternation(default);
        return parser._cursor.AtEnd ? node : throw new PatternException("a ')' without its '('");
    }

    private PatternNode Alternation(PatternFlags flags)
    {
        if (++_depth > DepthMax)
            throw new PatternException($"more than {DepthMax} groups inside each other");
        List<PatternNode> branches = [Branch(flags)];
        while (_cursor.TakeIf('|'))
            branches.Add(Branch(flags));
        _depth--;
        return branches.Count == 1 ? branches[0] : new AlternationNode(branches);
    }

    private SequenceNode Branch(PatternFlags flags)
    {
        List<PatternNode> items = [];
        List<int> literals = [];
        while (true)
        {
            SkipComments(flags);
            int next = _cursor.Peek();
            if (next is -1 or '|' or ')')
                break;
            int? literal = Item(flags, items);
            bool isRepeated = Repetitions(flags, items);
            if (literal is { } codePoint && !isRepeated)
            {
                literals.Add(codePoint);
                continue;
            }
            RefuseLongFolds(flags, literals);
            literals.Clear();
        }
        RefuseLongFolds(flags, literals);
        return new SequenceNode(items);
    }

    /// <summary>Appends the next part; returns its code point where it is a character that stands for itself.</summary>
    private int? Item(PatternFlags flags, List<PatternNode> items)
    {
        int taken = _cursor.Take();
        switch (taken)
        {
            case '(':
                Group(flags, items);
                return null;
            case '[':
                items.Add(new SetNode(_classes.Parse(flags)));
                return null;
            case '.':
                items.Add(new SetNode(flags.DotMatchesAll ? CodePointSet.All : s_lineFeed.Complement()));
                return null;
            case '^':
                items.Add(new AnchorNode(Anchor.LineStart));
                return null;
            case '$':
                items.Add(new AnchorNode(Anchor.LineEnd));
                return null;
            case '*' or '+' or '?':
                throw new PatternException($"'{(char)taken}' with nothing before it to repeat");
            case '\\':
                return Escape(flags, items);
            default:
                return Literal(taken, flags, items);
        }
    }

    private static int Literal(int codePoint, PatternFlags flags, List<PatternNode> items)
    {
        if (flags.IgnoresCase && CaseFolding.HasLongFold(codePoint))
            throw new PatternException($"a case-insensitive U+{codePoint:X4}, which is also several letters");
        CodePointSet set = CodePointSet.Of(codePoint);
        items.Add(new SetNode(flags.IgnoresCase ? CaseFolding.Close(set) : set));
        return codePoint;
    }

    private int? Escape(PatternFlags flags, List<PatternNode> items)
    {
        int letter = _cursor.Take();
        if (_classes.SetOfEscape(letter, isAlone: true) is { } set)
        {
            items.Add(new SetNode(set));
            return null;
        }
        PatternNode? node = letter switch
        {
            'A' => new AnchorNode(Anchor.TextStart),
            'z' => new AnchorNode(Anchor.TextEnd),
            'Z' => new AnchorNode(Anchor.LastLineEnd),
            'b' => new AnchorNode(Anchor.WordBoundary),
            'B' => new AnchorNode(Anchor.NotWordBoundary),
            'N' => new SetNode(s_lineFeed.Complement()),
            'O' => new SetNode(CodePointSet.All),
            'R' => AnyNewline(),
            'k' => throw new PatternException("the back reference \\k"),
            >= '1' and <= '9' => throw new PatternException($"\\{(char)letter}, a back reference or a character by its number"),
            'g' => throw new PatternException("the call \\g of a group"),
            'G' or 'K' or 'X' or 'y' or 'Y' => throw new PatternException($"\\{(char)letter}"),
            _ => null,
        };
        if (node is null)
            return Literal(_cursor.EscapedCodePoint(letter), flags, items);
        items.Add(node);
        return null;
    }

    // A carriage return and line feed is one newline, and never given back as two.
    private static AtomicNode AnyNewline() => new(new AlternationNode(
        [new SequenceNode([new SetNode(CodePointSet.Of('\r')), new SetNode(s_lineFeed)]), new SetNode(s_newlines)]));

    private void Group(PatternFlags flags, List<PatternNode> items)
    {
        if (_cursor.TakeIf('*'))
            throw new PatternException("a callout (*...)");
        PatternNode node = _cursor.TakeIf('?') ? SpecialGroup(flags, out bool isOption) : Body(flags, out isOption);
        items.Add(node);
        if (!isOption)
            Close();
    }

    private PatternNode Body(PatternFlags flags, out bool isOption)
    {
        isOption = false;
        return Alternation(flags);
    }

    private PatternNode SpecialGroup(PatternFlags flags, out bool isOption)
    {
        isOption = false;
        int kind = _cursor.Take();
        switch (kind)
        {
            case ':':
                return Alternation(flags);
            case '>':
                return new AtomicNode(Alternation(flags));
            case '=' or '!':
                return new LookNode(Alternation(flags), IsBehind: false, IsNegative: kind == '!');
            case '<' when _cursor.Peek() is '=' or '!':
                bool isNegative = _cursor.Take() == '!';
                return new LookNode(Alternation(flags), IsBehind: true, isNegative);
            case '<' or '\'':
                _cursor.TakeUntil(kind == '<' ? '>' : '\'');         // a name, of no use without back references
                return Alternation(flags);
            case '~' or '(' or '{':
                throw new PatternException($"a group (?{(char)kind}...)");
            default:
                return Options(flags, kind, out isOption);
        }
    }

    /// <summary>
    /// An option of a group of its own, or one that holds up to the end of the group it stands in, alternatives included.
    /// </summary>
    private PatternNode Options(PatternFlags flags, int letter, out bool isOption)
    {
        bool value = true;
        for (; letter is not (':' or ')'); letter = _cursor.Take())
        {
            switch (letter)
            {
                case '-':
                    value = false;
                    break;
                case 'i':
                    flags = flags with { IgnoresCase = value };
                    break;
                case 'm':
                    flags = flags with { DotMatchesAll = value };
                    break;
                case 'x':
                    flags = flags with { IsExtended = value };
                    break;
                default:
                    throw new PatternException($"the option (?{char.ConvertFromUtf32(letter)})");
            }
        }
        isOption = letter == ')';
        return Alternation(flags);
    }

    private void Close()
    {
        if (!_cursor.TakeIf(')'))
            throw new PatternException("a '(' without its ')'");
    }

    /// <summary>Puts what repeats the last part around it; returns whether anything does.</summary>
    private bool Repetitions(PatternFlags flags, List<PatternNode> items)
    {
        bool any = false;
        for (SkipComments(flags); Quantifier.TryRead(_cursor) is { } quantifier; SkipComments(flags))
        {
            if (items.Count == 0 || IsPlace(items[^1]))
                throw new PatternException("a repetition of what takes no text");
            items[^1] = quantifier.Around(items[^1]);
            any = true;
        }
        return any;
    }

    private static bool IsPlace(PatternNode node) =>
        node is AnchorNode or LookNode || (node is AlternationNode alternation && alternation.Items.Any(IsPlace));

    private void SkipComments(PatternFlags flags)
    {
        while (true)
        {
            if (_cursor.TakeIf("(?#"))
            {
                while (_cursor.Take() is int taken and not ')')
                {
                    if (taken == '\\')
                        _cursor.Take();
                }
            }
            else if (flags.IsExtended && _cursor.Peek() == '#')
            {
                while (!_cursor.AtEnd && _cursor.Take() != '\n')
                {
                }
            }
            else if (flags.IsExtended && !_cursor.AtEnd && UnicodeSets.Space.Contains(_cursor.Peek()))
            {
                _cursor.Take();
            }
            else
            {
                return;
            }
        }
    }

    private static void RefuseLongFolds(PatternFlags flags, List<int> literals)
    {
        if (flags.IgnoresCase && CaseFolding.FindLongFold(literals) is { } letter)
            throw new PatternException($"case-insensitive letters that are also the one letter U+{letter:X4}");
    }
}

/// <summary>The options in force at a place of a pattern.</summary>
/// <param name="IgnoresCase">(?i)</param>
/// <param name="DotMatchesAll">(?m): in Oniguruma this lets the dot match a line feed.</param>
/// <param name="IsExtended">(?x): white space and comments between the parts mean nothing.</param>
internal readonly record struct PatternFlags(bool IgnoresCase, bool DotMatchesAll, bool IsExtended);
