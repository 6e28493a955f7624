namespace Neuralink.Actors.Runtime;

/// <summary>Publishes <see cref="LogEvent"/>s on the event stream, from the level of <c>akka.loglevel</c> upwards.</summary>
public interface ILoggingAdapter
{
    /// <summary>Whether debug events are published.</summary>
    public bool IsDebugEnabled { get; }

    /// <summary>Whether information events are published.</summary>
    public bool IsInfoEnabled { get; }

    /// <summary>Whether warnings are published.</summary>
    public bool IsWarningEnabled { get; }

    /// <summary>Whether errors are published.</summary>
    public bool IsErrorEnabled { get; }

    internal void Log(LogLevel level, Exception? cause, string format, ReadOnlySpan<object?> args);
}

/// <summary>The log of an actor.</summary>
public static class Logging
{
    /// <summary>A log whose source is the actor.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context)
    {
        var cell = (ActorCell)context;
        return new BusLogging(cell.System, ((IInternalActorRef)cell.Self).Path, cell.ActorType);
    }
}

/// <summary>The forms of logging. Formats are those of string.Format; a format without arguments is taken as it is.</summary>
public static class LoggingExtensions
{
    public static void Debug(this ILoggingAdapter log, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.DebugLevel, null, format, args);

    public static void Info(this ILoggingAdapter log, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.InfoLevel, null, format, args);

    public static void Warning(this ILoggingAdapter log, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.WarningLevel, null, format, args);

    public static void Warning(this ILoggingAdapter log, Exception cause, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.WarningLevel, cause, format, args);

    public static void Error(this ILoggingAdapter log, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.ErrorLevel, null, format, args);

    public static void Error(this ILoggingAdapter log, Exception cause, string format, params ReadOnlySpan<object?> args) =>
        log.Log(LogLevel.ErrorLevel, cause, format, args);
}

/// <summary>A log of one source.</summary>
internal sealed class BusLogging(ActorSystem system, string source, Type type) : ILoggingAdapter
{
    public bool IsDebugEnabled => system.Logs(LogLevel.DebugLevel);

    public bool IsInfoEnabled => system.Logs(LogLevel.InfoLevel);

    public bool IsWarningEnabled => system.Logs(LogLevel.WarningLevel);

    public bool IsErrorEnabled => system.Logs(LogLevel.ErrorLevel);

    void ILoggingAdapter.Log(LogLevel level, Exception? cause, string format, ReadOnlySpan<object?> args)
    {
        if (!system.Logs(level))
            return;
        var message = args.Length == 0 ? format : string.Format(format, args);
        LogEvent logEvent = level switch
        {
            LogLevel.DebugLevel => new Debug(cause, source, type, message),
            LogLevel.InfoLevel => new Info(cause, source, type, message),
            LogLevel.WarningLevel => new Warning(cause, source, type, message),
            _ => new Error(cause, source, type, message),
        };
        system.EventStream.Publish(logEvent);
    }
}
