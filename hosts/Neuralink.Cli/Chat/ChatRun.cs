using System.Text;
using Neuralink.Cli.Generate;
using Neuralink.Cli.Terminal;
using Neuralink.Models.ChatTemplates;
using Neuralink.Models.Configuration;
using Neuralink.Models.Sampling;
using Neuralink.Storage;

namespace Neuralink.Cli.Chat;

/// <summary>What the command line of `chat` says.</summary>
internal sealed record ChatRunSettings
{
    public required EngineSettings Model { get; init; }

    public required ChatSettings Chat { get; init; }

    public required SamplingOptions Sampling { get; init; }

    /// <summary>Null for the default.</summary>
    public required int? ContextTokens { get; init; }

    public required int AnswerTokensMax { get; init; }
}

/// <summary>One run of `chat`: open the model, then message and answer in turns.</summary>
internal sealed class ChatRun(ChatRunSettings settings, Surroundings surroundings)
{
    private const string Prompt = "> ";

    private bool IsTerminal => surroundings.Keys is not null;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        string folder = settings.Model.FolderOf(surroundings, cancellation);
        ChatTemplate template = settings.Chat.FindTemplate(folder, settings.Model.Reading, surroundings, cancellation);
        await using NeuralinkEngine engine = await settings.Model.OpenAsync(
            folder, (_, config) => ContextOf(config), timeline: null, surroundings, cancellation);
        Conversation conversation = new(template, engine.Tokenizer, settings.Chat.System, surroundings.Time);
        ChatCommands commands = new(conversation, engine, surroundings);
        if (IsTerminal)
            surroundings.Note($"{engine.Name}, {engine.ContextTokens} tokens of context; /help says what can be done, Ctrl-D ends");
        LineInput input = LineInput.Of(surroundings, Prompt);
        while (!commands.IsOver && await input.ReadAsync(cancellation) is { } line)
        {
            if (line.Trim().Length == 0)
                continue;
            if (commands.TryRun(line))
                continue;
            conversation.Messages.Add(new ChatMessage(Conversation.UserRole, ChatCommands.MessageOf(line)));
            await AnswerAsync(engine, conversation, commands, cancellation);
        }
        return ExitCode.Success;
    }

    private int ContextOf(ModelConfig config)
    {
        if (settings.ContextTokens > config.ContextLength)
        {
            throw new NeuralinkException(
                "hold the conversation", $"a context of at most {config.ContextLength} tokens, which the model was made for",
                $"{settings.ContextTokens}");
        }
        return settings.ContextTokens ?? Math.Min(config.ContextLength, ContextFit.DefaultConversationTokens);
    }

    /// <summary>One turn. Where it fails, a person may go on with another; a script's run ends.</summary>
    private async Task AnswerAsync(
        NeuralinkEngine engine, Conversation conversation, ChatCommands commands, CancellationToken cancellation)
    {
        try
        {
            int[] tokens = conversation.Fit(engine.ContextTokens, settings.AnswerTokensMax, out int dropped);
            if (dropped > 0)
                surroundings.Note($"the conversation has outgrown its context: its oldest {dropped} messages are forgotten");
            await StreamAsync(engine, conversation, commands, tokens, cancellation);
        }
        catch (NeuralinkException error) when (IsTerminal)
        {
            conversation.Messages.RemoveAt(conversation.Messages.Count - 1);
            surroundings.Note($"error: {error.Message}");
        }
    }

    private async Task StreamAsync(
        NeuralinkEngine engine, Conversation conversation, ChatCommands commands, int[] tokens, CancellationToken cancellation)
    {
        GenerationRequest request = new()
        {
            Prompt = tokens,
            MaxTokens = Math.Min(settings.AnswerTokensMax, engine.ContextTokens - tokens.Length),
            Sampling = settings.Sampling,
            SharesPrefix = true,
        };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        StringBuilder answer = new();
        TextStream stream = new(surroundings.Out);
        try
        {
            using IDisposable taking = surroundings.Interrupts.Take(stop.Cancel);
            await foreach (GenerationEvent happened in engine.GenerateAsync(request, stop.Token))
            {
                surroundings.ExpectReader();
                string text = (happened as TokenGenerated)?.Text ?? ((GenerationFinished)happened).Text;
                answer.Append(text);
                stream.Write(text);
                commands.Last = (happened as GenerationFinished)?.Result ?? commands.Last;
            }
            stream.EndLine();
            if (commands.Last?.FinishReason == FinishReason.Length)
                surroundings.Note($"the answer was cut after {request.MaxTokens} tokens (--max-tokens, --context)");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            stream.TryEndLine();
            surroundings.Note("stopped");
        }
        catch
        {
            stream.TryEndLine();
            throw;
        }
        conversation.Messages.Add(new ChatMessage(Conversation.AssistantRole, answer.ToString()));
    }
}
