namespace Neuralink;

/// <summary>What an engine is doing. Each number is right at some moment of the call.</summary>
public sealed record EngineStatus
{
    /// <summary>Texts that have a place in passes, paused ones among them.</summary>
    public required int Running { get; init; }

    /// <summary>Texts that wait for a place.</summary>
    public required int Waiting { get; init; }

    /// <summary>Running texts whose readers do not read.</summary>
    public required int Paused { get; init; }

    /// <summary>Blocks of keys and values there are.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Of them, those that hold nothing.</summary>
    public required int KvBlocksFree { get; init; }

    /// <summary>Of them, those that no text has, kept for one that begins with what they hold.</summary>
    public required int KvBlocksKept { get; init; }
}

/// <summary>What an engine has done since it was opened.</summary>
public sealed record EngineTotals
{
    /// <summary>Tokens of prompts, of texts that are over.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Of them, those that were not run, because an earlier text began with them.</summary>
    public required long ReusedTokens { get; init; }

    /// <summary>Tokens that were generated, of texts that are over.</summary>
    public required long GeneratedTokens { get; init; }

    /// <summary>Texts that are complete.</summary>
    public required long Finished { get; init; }

    /// <summary>Texts that failed.</summary>
    public required long Failed { get; init; }

    /// <summary>Texts that were cancelled.</summary>
    public required long Cancelled { get; init; }

    /// <summary>What was read and waited for, by whomever.</summary>
    public required IoMetrics Io { get; init; }
}
