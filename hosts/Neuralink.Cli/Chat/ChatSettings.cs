using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage;

namespace Neuralink.Cli.Chat;

/// <summary>What a command line says of a conversation.</summary>
/// <param name="System">What the model is told before it, or null.</param>
/// <param name="TemplateFile">The template, or null for the model's own.</param>
internal sealed record ChatSettings(string? System, string? TemplateFile)
{
    /// <summary>The template that conversations with a model are written by. An unpacked model is packed for it.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="reading">How it is read where it is not packed.</param>
    /// <param name="surroundings">Where the cache is, and who is told.</param>
    /// <param name="cancellation">Ends the packing.</param>
    /// <exception cref="NeuralinkException">It cannot be read, or has what is not supported.</exception>
    public ChatTemplate FindTemplate(string folder, ModelReading reading, Surroundings surroundings, CancellationToken cancellation)
    {
        LocatedModel located = ModelLocator.Store(surroundings).Locate(folder, reading, cancellation);
        ChatTemplate template = ChatTemplateFiles.Get(located.Image, TemplateFile);
        if (template.IsPlain)
        {
            surroundings.Note(
                $"{located.Name} has no chat template, so it may not have been trained for conversations: it goes on with the messages as "
                + "with a plain text (--chat-template gives another)");
        }
        return template;
    }

    /// <summary>The tokens of a conversation that begins with a message.</summary>
    public int[] FirstTurn(ChatTemplate template, Tokenizer tokenizer, string message, Surroundings surroundings)
    {
        Conversation conversation = new(template, tokenizer, System, surroundings.Time);
        conversation.Messages.Add(new ChatMessage(Conversation.UserRole, message));
        return conversation.Encode();
    }
}
