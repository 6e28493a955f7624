namespace Neuralink.Actors.Runtime;

/// <summary>The configuration of an actor system.</summary>
public sealed class Config
{
    internal Config(LogLevel? logLevel, IReadOnlySet<string> pinnedDispatchers)
    {
        LogLevel = logLevel;
        PinnedDispatchers = pinnedDispatchers;
    }

    /// <summary>The lowest level that is published; null publishes nothing.</summary>
    internal LogLevel? LogLevel { get; }

    /// <summary>The names under which a pinned dispatcher may be asked for.</summary>
    internal IReadOnlySet<string> PinnedDispatchers { get; }
}

/// <summary>Makes a <see cref="Config"/>.</summary>
public static class ConfigurationFactory
{
    private const string LogLevelKey = "akka.loglevel";
    private const string TypeSuffix = ".type";

    /// <summary>
    /// Reads HOCON. Two settings exist: <c>akka.loglevel</c> (OFF, ERROR, WARNING, INFO, DEBUG; INFO by default) and
    /// <c>name { type = PinnedDispatcher }</c>.
    /// </summary>
    /// <exception cref="ConfigurationException">The text is malformed, or has another key or value, which the message names.</exception>
    public static Config ParseString(string hocon)
    {
        LogLevel? logLevel = LogLevel.InfoLevel;
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in new HoconReader(hocon).ReadAll())
        {
            if (key == LogLevelKey)
                logLevel = ParseLogLevel(value);
            else if (!key.EndsWith(TypeSuffix, StringComparison.Ordinal) || key.StartsWith("akka.", StringComparison.Ordinal))
                throw new ConfigurationException($"Unknown key [{key}]: only [{LogLevelKey}] and [<dispatcher>{TypeSuffix}] are read.");
            else if (value != "PinnedDispatcher")
                throw new ConfigurationException($"Unknown value [{value}] of [{key}]: expected [PinnedDispatcher].");
            else
                pinned.Add(key[..^TypeSuffix.Length]);
        }

        return new Config(logLevel, pinned);
    }

    private static LogLevel? ParseLogLevel(string value) => value.ToUpperInvariant() switch
    {
        "OFF" => null,
        "ERROR" => LogLevel.ErrorLevel,
        "WARNING" => LogLevel.WarningLevel,
        "INFO" => LogLevel.InfoLevel,
        "DEBUG" => LogLevel.DebugLevel,
        _ => throw new ConfigurationException(
            $"Unknown value [{value}] of [{LogLevelKey}]: expected OFF, ERROR, WARNING, INFO or DEBUG."),
    };
}
