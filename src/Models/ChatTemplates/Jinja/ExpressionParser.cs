using System.Globalization;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Parses expressions, with the precedence of jinja2's parser: "not", comparisons, + -, ~, * / // %, **, sign, filters.</summary>
/// <param name="tokens">The template's tokens.</param>
internal sealed class ExpressionParser(List<JinjaToken> tokens)
{
    private const int DepthMax = 200;

    private static readonly string[] s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private int _depth;

    /// <summary>Where it stands.</summary>
    public int At { get; set; }

    public JinjaToken Token => tokens[At];

    /// <summary>An expression, or several with commas between them: a tuple.</summary>
    public Expression ParseTuple(bool hasConditions = true)
    {
        int line = Token.Line;
        Expression first = hasConditions ? Parse() : ParseOr();
        if (!Token.IsOperator(","))
            return first;
        List<Expression> items = [first];
        while (SkipOperator(",") && !EndsTuple())
            items.Add(hasConditions ? Parse() : ParseOr());
        return new ListExpression(line, items, IsTuple: true);
    }

    /// <summary>An expression, which may be "a if b else c".</summary>
    public Expression Parse() => Nested(() =>
    {
        Expression value = ParseOr();
        while (Token.IsName("if"))
        {
            int line = Take().Line;
            Expression condition = ParseOr();
            value = new ConditionalExpression(line, condition, value, SkipName("else") ? Parse() : null);
        }
        return value;
    });

    /// <summary>An expression without "if" at its end, which is a loop's.</summary>
    public Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (Token.IsName("or"))
            left = new LogicExpression(Take().Line, left, ParseAnd(), IsAnd: false);
        return left;
    }

    /// <summary>What is called with what, after the callee.</summary>
    public ArgumentList ParseArguments()
    {
        Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? spread = null;
        while (!Token.IsOperator(")"))
        {
            if (Token.IsOperator("**"))
                throw Unexpected("an argument");
            if (SkipOperator("*"))
                spread = Parse();
            else if (Token.Kind == JinjaTokenKind.Name && tokens[At + 1].IsOperator("="))
                named.Add((TakeArgumentName(), Parse()));
            else if (named.Count > 0 || spread is not null)
                throw Unexpected("an argument by its name");
            else
                positional.Add(Parse());
            if (!SkipOperator(","))
                break;
        }
        Expect(")");
        return new ArgumentList(positional, named, spread);
    }

    /// <summary>Filters without a value: what a filter block applies.</summary>
    public Expression ParseFilters(Expression value)
    {
        value = ParseFilter(value);
        return ParseBehind(value);
    }

    public JinjaToken Take() => tokens[Token.Kind == JinjaTokenKind.End ? At : At++];

    public string TakeName() => Token.Kind == JinjaTokenKind.Name ? Take().Text : throw Unexpected("a name");

    public bool SkipName(string name) => Token.IsName(name) && Take().Line > 0;

    public bool SkipOperator(string text) => Token.IsOperator(text) && Take().Line > 0;

    public void Expect(string text)
    {
        if (!SkipOperator(text))
            throw Unexpected($"'{text}'");
    }

    public JinjaException Unexpected(string expected) => new($"{Token} where {expected} is wanted", Token.Line);

    private bool EndsTuple() =>
        Token.Kind is JinjaTokenKind.OutputEnd or JinjaTokenKind.BlockEnd || Token.IsOperator(")") || Token.IsName("in");

    private string TakeArgumentName()
    {
        string name = TakeName();
        Expect("=");
        return name;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (Token.IsName("and"))
            left = new LogicExpression(Take().Line, left, ParseNot(), IsAnd: true);
        return left;
    }

    private Expression ParseNot() => Nested(() =>
        Token.IsName("not") ? new NotExpression(Take().Line, ParseNot()) : ParseComparison());

    private Expression ParseComparison()
    {
        int line = Token.Line;
        Expression first = ParseSum();
        List<(string, Expression)> others = [];
        while (ComparisonSymbol() is { } symbol)
            others.Add((symbol, ParseSum()));
        return others.Count == 0 ? first : new CompareExpression(line, first, others);
    }

    private string? ComparisonSymbol()
    {
        if (Token.Kind == JinjaTokenKind.Operator && s_comparisons.Contains(Token.Text))
            return Take().Text;
        if (SkipName("in"))
            return "in";
        if (!Token.IsName("not") || !tokens[At + 1].IsName("in"))
            return null;
        At += 2;
        return "not in";
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcat();
        while (Token.IsOperator("+") || Token.IsOperator("-"))
        {
            JinjaToken symbol = Take();
            left = new ArithmeticExpression(symbol.Line, symbol.Text, left, ParseConcat());
        }
        return left;
    }

    private Expression ParseConcat()
    {
        int line = Token.Line;
        List<Expression> parts = [ParseProduct()];
        while (SkipOperator("~"))
            parts.Add(ParseProduct());
        return parts.Count == 1 ? parts[0] : new ConcatExpression(line, parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (Token.IsOperator("*") || Token.IsOperator("/") || Token.IsOperator("//") || Token.IsOperator("%"))
        {
            JinjaToken symbol = Take();
            left = new ArithmeticExpression(symbol.Line, symbol.Text, left, ParsePower());
        }
        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(hasFilters: true);
        while (Token.IsOperator("**"))
            left = new ArithmeticExpression(Take().Line, "**", left, ParseUnary(hasFilters: true));
        return left;
    }

    private Expression ParseUnary(bool hasFilters) => Nested(() =>
    {
        Expression value = Token.IsOperator("-") || Token.IsOperator("+")
            ? new SignExpression(Token.Line, IsMinus: Take().Text == "-", Of: ParseUnary(hasFilters: false))
            : ParsePrimary();
        value = ParsePostfix(value);
        return hasFilters ? ParseBehind(value) : value;
    });

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = Token.Line;
            if (SkipOperator("."))
                value = Member(value, line);
            else if (SkipOperator("["))
                value = ParseSubscript(value, line);
            else if (Token.IsOperator("("))
                value = new CallExpression(line, value, ParseArguments());
            else
                return value;
        }
    }

    private Expression Member(Expression value, int line) => Token.Kind == JinjaTokenKind.Integer
        ? new ItemExpression(line, value, new Literal(line, long.Parse(Take().Text, CultureInfo.InvariantCulture)))
        : new AttributeExpression(line, value, TakeName());

    private Expression ParseSubscript(Expression value, int line)
    {
        Expression? first = Token.IsOperator(":") ? null : ParseTuple();
        if (!SkipOperator(":"))
        {
            Expect("]");
            return new ItemExpression(line, value, first!);
        }
        Expression? end = Token.IsOperator(":") || Token.IsOperator("]") ? null : Parse();
        Expression? by = SkipOperator(":") && !Token.IsOperator("]") ? Parse() : null;
        Expect("]");
        return new SliceExpression(line, value, first, end, by);
    }

    /// <summary>Filters, tests, and calls of what they give.</summary>
    private Expression ParseBehind(Expression value)
    {
        while (true)
        {
            if (SkipOperator("|"))
                value = ParseFilter(value);
            else if (Token.IsName("is"))
                value = ParseTest(value);
            else if (Token.IsOperator("("))
                value = new CallExpression(Token.Line, value, ParseArguments());
            else
                return value;
        }
    }

    private FilterExpression ParseFilter(Expression value)
    {
        int line = Token.Line;
        string name = TakeName();
        if (!JinjaFilters.Has(name))
            throw new JinjaException($"the filter '{name}', which is not supported", line);
        return new FilterExpression(line, value, name, Token.IsOperator("(") ? ParseArguments() : ArgumentList.None);
    }

    private TestExpression ParseTest(Expression value)
    {
        int line = Take().Line;
        bool isNot = SkipName("not");
        string name = TakeName();
        if (!JinjaTests.Has(name))
            throw new JinjaException($"the test '{name}', which is not supported", line);
        ArgumentList arguments = Token.IsOperator("(") ? ParseArguments()
            : BeginsTestArgument() ? new ArgumentList([ParsePostfix(ParsePrimary())], [], null)
            : ArgumentList.None;
        return new TestExpression(line, value, name, arguments, isNot);
    }

    private bool BeginsTestArgument() => Token.Kind switch
    {
        JinjaTokenKind.Name => Token.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"),
        JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float => true,
        _ => Token.IsOperator("[") || Token.IsOperator("{"),
    };

    private Expression ParsePrimary()
    {
        JinjaToken token = Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new NameExpression(token.Line, token.Text),
                };
            case JinjaTokenKind.String:
                string text = token.Text;
                while (Token.Kind == JinjaTokenKind.String)
                    text += Take().Text;
                return new Literal(token.Line, text);
            case JinjaTokenKind.Integer:
                return new Literal(token.Line, long.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Float:
                return new Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Operator when token.Text is "(":
                return ParseParenthesised(token.Line);
            case JinjaTokenKind.Operator when token.Text is "[":
                return new ListExpression(token.Line, ParseItems("]"), IsTuple: false);
            case JinjaTokenKind.Operator when token.Text is "{":
                return ParseDictionary(token.Line);
            default:
                At--;
                throw Unexpected("an expression");
        }
    }

    private Expression ParseParenthesised(int line)
    {
        if (SkipOperator(")"))
            return new ListExpression(line, [], IsTuple: true);
        Expression value = ParseTuple();
        Expect(")");
        return value;
    }

    private List<Expression> ParseItems(string end)
    {
        List<Expression> items = [];
        while (!Token.IsOperator(end))
        {
            items.Add(Parse());
            if (!SkipOperator(","))
                break;
        }
        Expect(end);
        return items;
    }

    private DictionaryExpression ParseDictionary(int line)
    {
        List<(Expression, Expression)> items = [];
        while (!Token.IsOperator("}"))
        {
            Expression key = Parse();
            Expect(":");
            items.Add((key, Parse()));
            if (!SkipOperator(","))
                break;
        }
        Expect("}");
        return new DictionaryExpression(line, items);
    }

    private T Nested<T>(Func<T> parse)
    {
        if (++_depth > DepthMax)
            throw new JinjaException($"more than {DepthMax} nested expressions", Token.Line);
        T result = parse();
        _depth--;
        return result;
    }
}
