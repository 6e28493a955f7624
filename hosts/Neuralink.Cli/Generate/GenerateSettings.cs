using Neuralink.Cli.Chat;
using Neuralink.Cli.Models;
using Neuralink.Cli.Quality;
using Neuralink.Cli.Terminal;
using Neuralink.Models.Configuration;
using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Storage.Devices;

namespace Neuralink.Cli.Generate;

/// <summary>What the command line of `generate` says.</summary>
internal sealed record GenerateSettings
{
    public required EngineSettings Model { get; init; }

    public required PromptSource Prompt { get; init; }

    /// <summary>How the prompt is a message; null for a text that is continued.</summary>
    public required ChatSettings? Chat { get; init; }

    /// <summary>Null: <see cref="ContextFit.DefaultMaxTokens"/>, or what the model's context has room for.</summary>
    public required int? MaxTokens { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required IReadOnlyList<string> Stop { get; init; }

    public required bool IgnoreEndTokens { get; init; }

    /// <summary>Where the trace goes, or null.</summary>
    public required string? TracePath { get; init; }

    public required bool Json { get; init; }
}

/// <summary>What a command line says of the model and how it is opened.</summary>
internal sealed record EngineSettings
{
    /// <summary>The model as it is named, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    /// <summary>How reading and computing share the time, or null for what suits the model.</summary>
    public required ExecutionStrategy? Strategy { get; init; }

    /// <summary>A device profile, "none" for none, or null for the one of the image's volume if there is one.</summary>
    public required string? Profile { get; init; }

    /// <summary>Reads in flight, or null for what the device profile says, or the engine's default.</summary>
    public required int? QueueDepth { get; init; }

    /// <summary>How to read, or null for what the device profile says, or the engine's default.</summary>
    public required FlashAccess? Io { get; init; }

    /// <summary>All but the context, which follows from the text, and what the device profile decides.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    /// <summary>Where the model is: one of the Hub is fetched unless it is there.</summary>
    public string FolderOf(Surroundings surroundings, CancellationToken cancellation) =>
        ModelLocator.FolderOf(Model, Reading, surroundings, cancellation);

    /// <summary>Opens the engine, and says what a user should know of how it runs.</summary>
    /// <param name="folder">What <see cref="FolderOf"/> gave.</param>
    /// <param name="contextTokens">Says how many positions there are to be.</param>
    /// <param name="timeline">Records what the actors do, or null.</param>
    /// <param name="surroundings">Where the cache is, and who is told.</param>
    /// <param name="cancellation">Ends the packing and the opening.</param>
    public async Task<NeuralinkEngine> OpenAsync(
        string folder, Func<Tokenizer, ModelConfig, int?> contextTokens, Timeline? timeline, Surroundings surroundings,
        CancellationToken cancellation)
    {
        ModelSetup setup = new()
        {
            Folder = folder,
            Reading = Reading,
            Strategy = Strategy,
            Profile = Profile,
            QueueDepth = QueueDepth,
            Io = Io,
            Engine = Engine,
            ContextTokens = contextTokens,
        };
        NeuralinkEngine engine =
            await NeuralinkEngine.OpenAsync(setup, ModelLocator.Store(surroundings), timeline, cancellation: cancellation);
        if (engine.IoFallback is { } reason)
            surroundings.Note(reason);
        QualityNote.Write(Engine.Predictor, engine.Image, Model, surroundings);
        return engine;
    }
}
