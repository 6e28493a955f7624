using System.Text.Json;
using Neuralink.Models.ChatTemplates.Jinja;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Models.ChatTemplates;

/// <summary>
/// A model's own chat template: it turns a conversation into the text that the model was trained on. Rendered as transformers'
/// apply_chat_template does (Jinja with trim_blocks and lstrip_blocks; "messages", "tools", "add_generation_prompt" and the special tokens
/// in its context). The text has its special tokens in it, so it is encoded without adding any.
/// </summary>
public sealed class ChatTemplate
{
    private readonly JinjaTemplate _template;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;

    private ChatTemplate(string location, JinjaTemplate template, IReadOnlyDictionary<string, string> specialTokens)
    {
        Location = location;
        _template = template;
        _specialTokens = specialTokens;
    }

    /// <summary>
    /// For a model that has none, as it was not trained for conversations: the messages' own words, one after the other. What the assistant
    /// says goes on where the message before it ends, so that a text and its continuations stay one text; all else begins a new line.
    /// </summary>
    public static ChatTemplate Plain { get; } = new(
        "the plain template",
        JinjaTemplate.Parse(
            """
            {%- for message in messages -%}
            {%- if not loop.first and message.role != 'assistant' -%}{{ '\n' }}{%- endif -%}
            {{- message.content -}}
            {%- endfor -%}
            """),
        new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>The file that it is from.</summary>
    public string Location { get; }

    /// <summary>Whether it is <see cref="Plain"/>, because the model has none.</summary>
    public bool IsPlain => ReferenceEquals(this, Plain);

    /// <param name="source">The template.</param>
    /// <param name="location">Where it is from, for messages.</param>
    /// <param name="specialTokens">What "bos_token" and the like mean in it.</param>
    /// <exception cref="NeuralinkException">It is malformed, or has what is not supported; the message names it and its line.</exception>
    public static ChatTemplate Parse(string source, string location, IReadOnlyDictionary<string, string> specialTokens)
    {
        try
        {
            return new ChatTemplate(location, JinjaTemplate.Parse(source), specialTokens);
        }
        catch (JinjaException error)
        {
            throw new NeuralinkException(
                $"use the chat template of {location}", "a Jinja template of the kind that this engine knows",
                $"{error.Message}, in line {error.Line ?? 1}");
        }
    }

    /// <summary>The text of a conversation.</summary>
    /// <exception cref="NeuralinkException">The template refuses it, in its own words, or cannot render it.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, ChatOptions options)
    {
        Dictionary<string, object?> context = new(StringComparer.Ordinal);
        foreach ((string name, string token) in _specialTokens)
            context[name] = token;
        foreach ((string name, JsonElement value) in options.Variables)
            context[name] = PythonJson.Read(value);
        context["messages"] = JinjaList.Of(messages.Select(message => message.ToValue()));
        context["tools"] = options.Tools is { } tools ? PythonJson.Read(tools) : null;
        context["documents"] = null;
        context["add_generation_prompt"] = options.AddGenerationPrompt;
        try
        {
            return _template.Render(context, options.Time.GetLocalNow());
        }
        catch (JinjaException error) when (error.IsRaised)
        {
            throw new NeuralinkException("render the conversation", null, $"the chat template of {Location} says: {error.Message}");
        }
        catch (JinjaException error)
        {
            throw new NeuralinkException(
                $"render the conversation with the chat template of {Location}", null, $"{error.Message}, in line {error.Line ?? 1}");
        }
    }

    /// <summary>
    /// The tokens of a conversation. A model's own template has written the special tokens into the text; those that a plain text begins
    /// with are added.
    /// </summary>
    /// <exception cref="NeuralinkException">As of <see cref="Render"/>.</exception>
    public int[] Encode(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        tokenizer.Encode(Render(messages, options), addSpecialTokens: IsPlain);
}
