namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>A part of a template that has a value.</summary>
/// <param name="Line">Where it stands, from 1.</param>
internal abstract record Expression(int Line)
{
    /// <summary>Its value, in the bounds of the rendering.</summary>
    public object? Value(RenderState state, Scope scope)
    {
        state.Step();
        try
        {
            object? value = Evaluate(state, scope);
            state.Charge(value);
            return value;
        }
        catch (JinjaException error) when (error.Line is null)
        {
            error.Line = Line;
            throw;
        }
    }

    public bool IsTrue(RenderState state, Scope scope) => JinjaOperators.IsTrue(Value(state, scope));

    protected abstract object? Evaluate(RenderState state, Scope scope);
}

internal sealed record Literal(int Line, object? Constant) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) => Constant;
}

internal sealed record NameExpression(int Line, string Name) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) => scope[Name];
}

internal sealed record ListExpression(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope) =>
        new JinjaList([.. Items.Select(item => item.Value(state, scope))], IsTuple);
}

internal sealed record DictionaryExpression(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope)
    {
        JinjaDictionary map = new();
        foreach ((Expression key, Expression value) in Items)
            map[key.Value(state, scope)] = value.Value(state, scope);
        return map;
    }
}

/// <summary>x.name: a method or attribute if there is one, and else the item of that key.</summary>
internal sealed record AttributeExpression(int Line, Expression Of, string Name) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) => JinjaMembers.Attribute(Of.Value(state, scope), Name);
}

/// <summary>x[key]: the item of that key, and else the method or attribute.</summary>
internal sealed record ItemExpression(int Line, Expression Of, Expression Key) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) =>
        JinjaMembers.Item(Of.Value(state, scope), Key.Value(state, scope));
}

internal sealed record SliceExpression(int Line, Expression Of, Expression? Begin, Expression? End, Expression? By) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) => JinjaMembers.Slice(
        Of.Value(state, scope), Begin?.Value(state, scope), End?.Value(state, scope), By?.Value(state, scope));
}

/// <summary>The arguments of a call, a filter or a test, as they are written.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Spread)
{
    public static ArgumentList None { get; } = new([], [], null);

    public CallArguments Values(string callee, RenderState state, Scope scope)
    {
        List<object?> positional = [.. Positional.Select(p => p.Value(state, scope))];
        if (Spread is not null)
            positional.AddRange(JinjaOperators.Items(Spread.Value(state, scope)));
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach ((string name, Expression value) in Named)
        {
            if (!named.TryAdd(name, value.Value(state, scope)))
                throw new JinjaException($"{callee} with its argument '{name}' twice");
        }
        return new CallArguments(callee, positional, named);
    }
}

internal sealed record CallExpression(int Line, Expression Callee, ArgumentList Arguments) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope)
    {
        object? callee = Callee.Value(state, scope);
        return callee is JinjaFunction function
            ? state.Nest(() => function.Invoke(Arguments.Values($"'{function.Name}'", state, scope), state))
            : throw new JinjaException($"a call of {JinjaOperators.Describe(callee)}");
    }
}

internal sealed record FilterExpression(int Line, Expression Of, string Name, ArgumentList Arguments) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope)
    {
        object? value = Of.Value(state, scope);
        return JinjaFilters.Apply(Name, value, Arguments.Values($"the filter '{Name}'", state, scope), state);
    }
}

internal sealed record TestExpression(int Line, Expression Of, string Name, ArgumentList Arguments, bool IsNot) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope)
    {
        object? value = Of.Value(state, scope);
        return JinjaTests.Holds(Name, value, Arguments.Values($"the test '{Name}'", state, scope)) != IsNot;
    }
}

internal sealed record NotExpression(int Line, Expression Of) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope) => !Of.IsTrue(state, scope);
}

internal sealed record SignExpression(int Line, Expression Of, bool IsMinus) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope) => JinjaArithmetic.Sign(IsMinus, Of.Value(state, scope));
}

/// <summary>"and", "or": the value that decided, as in Python.</summary>
internal sealed record LogicExpression(int Line, Expression Left, Expression Right, bool IsAnd) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope)
    {
        object? left = Left.Value(state, scope);
        return JinjaOperators.IsTrue(left) == IsAnd ? Right.Value(state, scope) : left;
    }
}

internal sealed record ArithmeticExpression(int Line, string Symbol, Expression Left, Expression Right) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) =>
        JinjaArithmetic.Apply(Symbol, Left.Value(state, scope), Right.Value(state, scope));
}

/// <summary>a ~ b: both as they print.</summary>
internal sealed record ConcatExpression(int Line, IReadOnlyList<Expression> Parts) : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope) =>
        string.Concat(Parts.Select(part => JinjaOperators.ToText(part.Value(state, scope))));
}

/// <summary>a &lt; b &lt;= c: holds if each of them holds.</summary>
internal sealed record CompareExpression(int Line, Expression First, IReadOnlyList<(string Symbol, Expression Value)> Others)
    : Expression(Line)
{
    protected override object Evaluate(RenderState state, Scope scope)
    {
        object? left = First.Value(state, scope);
        foreach ((string symbol, Expression other) in Others)
        {
            object? right = other.Value(state, scope);
            if (!Holds(symbol, left, right))
                return false;
            left = right;
        }
        return true;
    }

    public static bool Holds(string symbol, object? left, object? right) => symbol switch
    {
        "==" => JinjaOperators.AreEqual(left, right),
        "!=" => !JinjaOperators.AreEqual(left, right),
        "<" => JinjaOperators.Compare(left, right) < 0,
        "<=" => JinjaOperators.Compare(left, right) <= 0,
        ">" => JinjaOperators.Compare(left, right) > 0,
        ">=" => JinjaOperators.Compare(left, right) >= 0,
        "in" => JinjaOperators.Contains(right, left),
        _ => !JinjaOperators.Contains(right, left),
    };
}

internal sealed record ConditionalExpression(int Line, Expression Condition, Expression Then, Expression? Else) : Expression(Line)
{
    protected override object? Evaluate(RenderState state, Scope scope) =>
        Condition.IsTrue(state, scope) ? Then.Value(state, scope)
        : Else is null ? new JinjaUndefined("the other case of an 'if' without 'else'")
        : Else.Value(state, scope);
}
