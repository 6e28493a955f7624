namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Parses a template into statements. What is not supported is refused by its name and line.</summary>
internal sealed class TemplateParser
{
    private const int DepthMax = 100;

    private readonly ExpressionParser _expressions;
    private int _depth;
    private int _loops;

    private TemplateParser(List<JinjaToken> tokens) => _expressions = new ExpressionParser(tokens);

    private JinjaToken Token => _expressions.Token;

    /// <exception cref="JinjaException">It is malformed, or has what is not supported.</exception>
    public static IReadOnlyList<Statement> Parse(string source)
    {
        TemplateParser parser = new(TemplateLexer.Tokenize(source));
        (IReadOnlyList<Statement> body, JinjaToken end) = parser.ParseUntil();
        return end.Kind == JinjaTokenKind.End ? body : throw new JinjaException($"a block '{end.Text}' that ends nothing", end.Line);
    }

    /// <summary>Statements up to a block whose name is one of <paramref name="ends"/>, which is taken.</summary>
    private (IReadOnlyList<Statement> Body, JinjaToken End) ParseUntil(params string[] ends)
    {
        if (++_depth > DepthMax)
            throw new JinjaException($"more than {DepthMax} nested blocks", Token.Line);
        List<Statement> body = [];
        while (true)
        {
            JinjaToken token = _expressions.Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.Text:
                    body.Add(new TextStatement(token.Line, token.Text));
                    break;
                case JinjaTokenKind.OutputBegin:
                    body.Add(new OutputStatement(token.Line, _expressions.ParseTuple()));
                    End(JinjaTokenKind.OutputEnd, "'}}'");
                    break;
                case JinjaTokenKind.BlockBegin:
                    JinjaToken name = Token;
                    string text = _expressions.TakeName();
                    if (ends.Contains(text))
                    {
                        _depth--;
                        return (body, name);
                    }
                    body.Add(ParseBlock(name));
                    break;
                case JinjaTokenKind.End when ends.Length > 0:
                    throw new JinjaException($"the end of the template without a block '{ends[^1]}'", token.Line);
                default:
                    return (body, token);
            }
        }
    }

    /// <summary>The statements of a block that has one end only.</summary>
    private IReadOnlyList<Statement> ParseBody(string end)
    {
        EndBlock();
        (IReadOnlyList<Statement> body, _) = ParseUntil(end);
        EndBlock();
        return body;
    }

    private Statement ParseBlock(JinjaToken name) => name.Text switch
    {
        "if" => ParseIf(name.Line),
        "for" => ParseFor(name.Line),
        "set" => ParseSet(name.Line),
        "macro" => ParseMacro(name.Line),
        "call" => ParseCall(name.Line),
        "filter" => ParseFilterBlock(name.Line),
        "with" => ParseWith(name.Line),
        "generation" => new WithStatement(name.Line, [], ParseBody("endgeneration"), HasScope: false),
        "break" or "continue" => ParseExit(name),
        "else" or "elif" or "endif" or "endfor" or "endset" or "endmacro" or "endcall" or "endfilter" or "endwith" or "endgeneration"
            or "endraw" => throw new JinjaException($"a block '{name.Text}' that ends nothing", name.Line),
        _ => throw new JinjaException($"the block '{name.Text}', which is not supported", name.Line),
    };

    private IfStatement ParseIf(int line)
    {
        List<(Expression?, IReadOnlyList<Statement>)> branches = [];
        Expression? condition = _expressions.ParseTuple();
        while (true)
        {
            EndBlock();
            string[] ends = condition is null ? ["endif"] : ["elif", "else", "endif"];
            (IReadOnlyList<Statement> body, JinjaToken end) = ParseUntil(ends);
            branches.Add((condition, body));
            if (end.Text == "endif")
            {
                EndBlock();
                return new IfStatement(line, branches);
            }
            condition = end.Text == "elif" ? _expressions.ParseTuple() : null;
        }
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget();
        if (target.Attribute is not null || !_expressions.SkipName("in"))
            throw _expressions.Unexpected("'in'");
        Expression items = _expressions.ParseTuple(hasConditions: false);
        Expression? condition = _expressions.SkipName("if") ? _expressions.Parse() : null;
        if (Token.IsName("recursive"))
            throw new JinjaException("a recursive loop, which is not supported", Token.Line);
        EndBlock();
        _loops++;
        (IReadOnlyList<Statement> body, JinjaToken end) = ParseUntil("else", "endfor");
        _loops--;
        IReadOnlyList<Statement> otherwise = end.Text == "else" ? ParseBody("endfor") : [];
        if (end.Text != "else")
            EndBlock();
        return new ForStatement(line, target, items, condition, body, otherwise);
    }

    private Target ParseTarget()
    {
        bool isParenthesised = _expressions.SkipOperator("(");
        string name = TakeAssignable();
        if (!isParenthesised && _expressions.SkipOperator("."))
            return new Target([name], _expressions.TakeName(), IsTuple: false);
        List<string> names = [name];
        bool isTuple = Token.IsOperator(",");
        while (_expressions.SkipOperator(",") && Token.Kind == JinjaTokenKind.Name && !Token.IsName("in"))
            names.Add(TakeAssignable());
        if (isParenthesised)
            _expressions.Expect(")");
        return new Target(names, null, isTuple);
    }

    private string TakeAssignable() => Token.Text is "true" or "false" or "none" or "True" or "False" or "None"
        ? throw _expressions.Unexpected("a name that can be set")
        : _expressions.TakeName();

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget();
        if (!_expressions.SkipOperator("="))
            return ParseCapture(line, target, "endset");
        Expression value = _expressions.ParseTuple();
        EndBlock();
        return new SetStatement(line, target, value);
    }

    private CaptureStatement ParseFilterBlock(int line) => ParseCapture(line, null, "endfilter");

    private CaptureStatement ParseCapture(int line, Target? target, string end)
    {
        Expression filtered = new NameExpression(line, CaptureStatement.Captured);
        if (target is null || _expressions.SkipOperator("|"))
            filtered = _expressions.ParseFilters(filtered);
        return new CaptureStatement(line, target, filtered, ParseInnerBody(end));
    }

    /// <summary>A body that a loop around it cannot be left from.</summary>
    private IReadOnlyList<Statement> ParseInnerBody(string end)
    {
        int loops = _loops;
        _loops = 0;
        IReadOnlyList<Statement> body = ParseBody(end);
        _loops = loops;
        return body;
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = TakeAssignable();
        return new MacroStatement(line, name, ParseParameters(), ParseInnerBody("endmacro"));
    }

    private List<(string Name, Expression? Fallback)> ParseParameters()
    {
        List<(string, Expression?)> parameters = [];
        _expressions.Expect("(");
        while (!Token.IsOperator(")"))
        {
            string parameter = TakeAssignable();
            parameters.Add((parameter, _expressions.SkipOperator("=") ? _expressions.Parse() : null));
            if (!_expressions.SkipOperator(","))
                break;
        }
        _expressions.Expect(")");
        return parameters;
    }

    private CallStatement ParseCall(int line)
    {
        List<(string, Expression?)> parameters = Token.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
            throw new JinjaException("a block 'call' without a call", line);
        return new CallStatement(line, new MacroStatement(line, "caller", parameters, ParseInnerBody("endcall")), call);
    }

    private WithStatement ParseWith(int line)
    {
        List<(string, Expression)> values = [];
        while (Token.Kind == JinjaTokenKind.Name)
        {
            string name = TakeAssignable();
            _expressions.Expect("=");
            values.Add((name, _expressions.Parse()));
            if (!_expressions.SkipOperator(","))
                break;
        }
        return new WithStatement(line, values, ParseBody("endwith"), HasScope: true);
    }

    private LoopExit ParseExit(JinjaToken name)
    {
        if (_loops == 0)
            throw new JinjaException($"'{name.Text}' outside of a loop", name.Line);
        EndBlock();
        return new LoopExit(name.Line, name.Text == "break" ? Flow.Break : Flow.Continue);
    }

    private void EndBlock() => End(JinjaTokenKind.BlockEnd, "'%}'");

    private void End(JinjaTokenKind kind, string expected)
    {
        if (Token.Kind != kind)
            throw _expressions.Unexpected(expected);
        _expressions.Take();
    }
}
