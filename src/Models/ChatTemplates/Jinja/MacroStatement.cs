namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>{% macro name(parameters) %}: a function that returns what its body writes.</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">With the values they have where none is given.</param>
/// <param name="Body">What it writes.</param>
internal sealed record MacroStatement(
    int Line, string Name, IReadOnlyList<(string Name, Expression? Fallback)> Parameters, IReadOnlyList<Statement> Body) : Statement(Line)
{
    private const string Caller = "caller";

    public override Flow Run(RenderState state, Scope scope)
    {
        scope[Name] = FunctionIn(scope);
        return Flow.Next;
    }

    /// <summary>The function, whose body sees what <paramref name="scope"/> has when it is called.</summary>
    public JinjaFunction FunctionIn(Scope scope) => new(Name, (arguments, state) => Invoke(arguments, state, scope));

    private string Invoke(CallArguments arguments, RenderState state, Scope outer)
    {
        Scope inner = new(outer);
        foreach ((string name, Expression? fallback) in Parameters)
        {
            inner[name] = arguments.Has(name) ? arguments.Take(name)
                : fallback is null ? new JinjaUndefined(name)
                : fallback.Value(state, inner);
        }
        if (arguments.TakeNamed(Caller, null) is JinjaFunction caller)
            inner[Caller] = caller;
        arguments.End();
        return state.Capture(() => Run(Body, state, inner));
    }
}

/// <summary>{% call(parameters) macro(arguments) %}: calls a macro that may write the body, as caller().</summary>
internal sealed record CallStatement(int Line, MacroStatement Block, CallExpression Call) : Statement(Line)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        Literal caller = new(Line, Block.FunctionIn(scope));
        ArgumentList arguments = Call.Arguments with { Named = [.. Call.Arguments.Named, ("caller", caller)] };
        state.Write(JinjaOperators.ToText((Call with { Arguments = arguments }).Value(state, scope)));
        return Flow.Next;
    }
}
