namespace Neuralink.Actors.Runtime;

/// <summary>How grave a <see cref="LogEvent"/> is.</summary>
public enum LogLevel
{
    /// <summary>For who follows the program step by step.</summary>
    DebugLevel,

    /// <summary>What is worth knowing when all is well.</summary>
    InfoLevel,

    /// <summary>What may need attention.</summary>
    WarningLevel,

    /// <summary>What went wrong.</summary>
    ErrorLevel,
}

/// <summary>On the event stream: something was logged. The runtime writes it nowhere; hosts subscribe.</summary>
public abstract class LogEvent : INoSerializationVerificationNeeded
{
    private protected LogEvent(Exception? cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <summary>The exception logged, if any.</summary>
    public Exception? Cause { get; }

    /// <summary>The path of the actor that logged, or the system's name.</summary>
    public string LogSource { get; }

    /// <summary>The type that logged.</summary>
    public Type LogClass { get; }

    /// <summary>What was logged; ToString gives the text.</summary>
    public object Message { get; }

    /// <summary>How grave it is.</summary>
    public abstract LogLevel LogLevel();

    /// <inheritdoc/>
    public override string ToString()
    {
        var line = $"[{GetType().Name.ToUpperInvariant()}][{LogSource}] {Message}";
        return Cause is null ? line : $"{line}{Environment.NewLine}Cause: {Cause}";
    }
}

/// <summary>Logged at debug level.</summary>
public sealed class Debug : LogEvent
{
    internal Debug(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Runtime.LogLevel.DebugLevel;
}

/// <summary>Logged at information level.</summary>
public sealed class Info : LogEvent
{
    internal Info(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Runtime.LogLevel.InfoLevel;
}

/// <summary>Logged at warning level.</summary>
public sealed class Warning : LogEvent
{
    internal Warning(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Runtime.LogLevel.WarningLevel;
}

/// <summary>Logged at error level.</summary>
public sealed class Error : LogEvent
{
    internal Error(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Runtime.LogLevel.ErrorLevel;
}
