namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>{% for x in items if condition %} ... {% else %} ... {% endfor %}</summary>
/// <param name="Line">Where it stands.</param>
/// <param name="Target">What an item is called.</param>
/// <param name="Items">What it goes through.</param>
/// <param name="Condition">Which items it takes; null is all.</param>
/// <param name="Body">Is run for each.</param>
/// <param name="Else">Is run where no item went through all of the body: as in jinja2, also where each of them left it.</param>
internal sealed record ForStatement(
    int Line, Target Target, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else)
    : Statement(Line)
{
    private const string LoopName = "loop";

    public override Flow Run(RenderState state, Scope scope)
    {
        IReadOnlyList<object?> items = JinjaOperators.Items(Items.Value(state, scope));
        if (Condition is not null)
            items = [.. items.Where(item => IsTaken(item, state, scope))];
        JinjaLoop loop = new(items, depth: scope[LoopName] is JinjaLoop outer ? outer.Depth + 1 : 1);
        bool isThrough = false;
        for (int i = 0; i < items.Count; i++)
        {
            state.Step();
            loop.Index = i;
            Scope inner = new(scope) { [LoopName] = loop };
            Target.Assign(items[i], inner);
            Flow flow = Run(Body, state, inner);
            if (flow == Flow.Break)
                break;
            isThrough |= flow == Flow.Next;
        }
        return isThrough ? Flow.Next : Run(Else, state, new Scope(scope));
    }

    private bool IsTaken(object? item, RenderState state, Scope scope)
    {
        Scope inner = new(scope);
        Target.Assign(item, inner);
        return Condition!.IsTrue(state, inner);
    }
}

/// <summary>The variable "loop": what a loop's body knows of its loop.</summary>
/// <param name="items">All that it goes through.</param>
/// <param name="depth">1 outside of other loops.</param>
internal sealed class JinjaLoop(IReadOnlyList<object?> items, int depth)
{
    private JinjaList? _changed;

    public int Depth => depth;

    /// <summary>Of the current item.</summary>
    public int Index { get; set; }

    public object? Attribute(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => items.Count - Index - 1L,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => (long)depth,
        "depth0" => depth - 1L,
        "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("loop.previtem"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new JinjaUndefined("loop.nextitem"),
        "cycle" => new JinjaFunction("loop.cycle", (arguments, _) => Cycle(arguments.TakeRest())),
        "changed" => new JinjaFunction("loop.changed", (arguments, _) => HasChanged(arguments.TakeRest())),
        _ => new JinjaUndefined($"loop.{name}"),
    };

    private object? Cycle(IReadOnlyList<object?> values) =>
        values.Count == 0 ? throw new JinjaException("'loop.cycle' without values") : values[Index % values.Count];

    private bool HasChanged(IReadOnlyList<object?> values)
    {
        JinjaList now = new(values);
        bool hasChanged = _changed is null || !JinjaOperators.AreEqual(_changed, now);
        _changed = now;
        return hasChanged;
    }
}
