namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>
/// A Jinja template: parsed once, rendered with any context. The part of the language that chat templates use, as jinja2 3.1 runs it in
/// transformers' sandbox (trim_blocks, lstrip_blocks, loop controls, the block "generation"). Nothing outside of its context can be
/// reached, and steps, depth and output are bounded.
/// </summary>
internal sealed class JinjaTemplate
{
    private const int CharsMax = 1 << 20;

    private readonly IReadOnlyList<Statement> _body;

    private JinjaTemplate(IReadOnlyList<Statement> body) => _body = body;

    /// <exception cref="JinjaException">It is malformed, or has what is not supported.</exception>
    public static JinjaTemplate Parse(string source) => source.Length <= CharsMax
        ? new JinjaTemplate(TemplateParser.Parse(source))
        : throw new JinjaException($"a template of more than {CharsMax} characters");

    /// <param name="context">What its names mean.</param>
    /// <param name="now">What strftime_now tells.</param>
    /// <exception cref="JinjaException">It fails, or exceeds its bounds.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> context, DateTimeOffset now)
    {
        RenderState state = new(now);
        Scope globals = new(null);
        foreach (JinjaFunction function in JinjaGlobals.All)
            globals[function.Name] = function;
        Scope scope = new(globals);
        foreach ((string name, object? value) in context)
            scope[name] = value;
        Statement.Run(_body, state, scope);
        return state.Output;
    }
}

/// <summary>A template is not as it must be, or does not want what it was given.</summary>
/// <param name="message">What is wrong, in words.</param>
/// <param name="line">The template's line, from 1; null where the caller knows it and this does not.</param>
internal sealed class JinjaException(string message, int? line = null) : Exception(message)
{
    /// <summary>The template's line, from 1. The innermost node that knows it sets it.</summary>
    public int? Line { get; set; } = line;

    /// <summary>Whether the template itself said this, by raise_exception.</summary>
    public bool IsRaised { get; init; }
}
