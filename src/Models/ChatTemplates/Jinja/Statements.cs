namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Where a template goes on behind a statement.</summary>
internal enum Flow
{
    Next,

    /// <summary>With the loop's next item.</summary>
    Continue,

    /// <summary>Behind the loop.</summary>
    Break,
}

/// <summary>A part of a template that does something.</summary>
/// <param name="Line">Where it stands, from 1.</param>
internal abstract record Statement(int Line)
{
    public abstract Flow Run(RenderState state, Scope scope);

    /// <summary>Statements one after the other.</summary>
    public static Flow Run(IReadOnlyList<Statement> body, RenderState state, Scope scope)
    {
        foreach (Statement statement in body)
        {
            state.Step();
            Flow flow = RunOne(statement, state, scope);
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }

    private static Flow RunOne(Statement statement, RenderState state, Scope scope)
    {
        try
        {
            return statement.Run(state, scope);
        }
        catch (JinjaException error) when (error.Line is null)
        {
            error.Line = statement.Line;
            throw;
        }
    }
}

internal sealed record TextStatement(int Line, string Text) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        state.Write(Text);
        return Flow.Next;
    }
}

internal sealed record OutputStatement(int Line, Expression Value) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        state.Write(JinjaOperators.ToText(Value.Value(state, scope)));
        return Flow.Next;
    }
}

internal sealed record IfStatement(int Line, IReadOnlyList<(Expression? Condition, IReadOnlyList<Statement> Body)> Branches)
    : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        foreach ((Expression? condition, IReadOnlyList<Statement> body) in Branches)
        {
            if (condition is null || condition.IsTrue(state, scope))
                return Run(body, state, scope);
        }
        return Flow.Next;
    }
}

/// <summary>What is set: a name, names for the items of a list, or an attribute of a namespace.</summary>
internal sealed record Target(IReadOnlyList<string> Names, string? Attribute, bool IsTuple)
{
    public void Assign(object? value, Scope scope)
    {
        if (Attribute is not null)
        {
            if (scope[Names[0]] is not JinjaNamespace space)
                throw new JinjaException($"an attribute set of {JinjaOperators.Describe(scope[Names[0]])}, which is no namespace");
            space.Values[Attribute] = value;
        }
        else if (!IsTuple)
        {
            scope[Names[0]] = value;
        }
        else
        {
            IReadOnlyList<object?> items = JinjaOperators.Items(value);
            if (items.Count != Names.Count)
                throw new JinjaException($"{items.Count} values for {Names.Count} names");
            for (int i = 0; i < Names.Count; i++)
                scope[Names[i]] = items[i];
        }
    }
}

internal sealed record SetStatement(int Line, Target Target, Expression Value) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        Target.Assign(Value.Value(state, scope), scope);
        return Flow.Next;
    }
}

/// <summary>What the body writes goes through filters, if there are any, into a name or, without one, to the output.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Target">What is set, or null.</param>
/// <param name="Filtered">The filters, of the name <see cref="Captured"/>.</param>
/// <param name="Body">What writes.</param>
internal sealed record CaptureStatement(int Line, Target? Target, Expression Filtered, IReadOnlyList<Statement> Body) : Statement(Line)
{
    /// <summary>No template can name it.</summary>
    public const string Captured = "(captured)";

    public override Flow Run(RenderState state, Scope scope)
    {
        string text = state.Capture(() => Run(Body, state, new Scope(scope)));
        object? value = Filtered.Value(state, new Scope(scope) { [Captured] = text });
        if (Target is null)
            state.Write(JinjaOperators.ToText(value));
        else
            Target.Assign(value, scope);
        return Flow.Next;
    }
}

/// <summary>{% with a = 1 %}, and with nothing set {% generation %}, which marks what the assistant said.</summary>
internal sealed record WithStatement(
    int Line, IReadOnlyList<(string Name, Expression Value)> Values, IReadOnlyList<Statement> Body, bool HasScope) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        Scope inner = HasScope ? new Scope(scope) : scope;
        foreach ((string name, Expression value) in Values)
            inner[name] = value.Value(state, scope);
        return Run(Body, state, inner);
    }
}

internal sealed record LoopExit(int Line, Flow Flow) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope) => Flow;
}
