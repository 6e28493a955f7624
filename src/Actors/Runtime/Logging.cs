namespace Neuralink.Actors.Runtime;

/// <summary>Publishes <see cref="LogEvent"/>s on the event stream, from the level of <c>akka.loglevel</c> upwards. Formats are those of string.Format.</summary>
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

/// <summary>The forms of logging.</summary>
public static class LoggingExtensions
{
    public static void Debug(this ILoggingAdapter log, string format, params object?[] args)
    {
        if (log.IsDebugEnabled)
            ((BusLogging)log).Publish((source, type) => new Debug(null, source, type, Format(format, args)));
    }

    public static void Info(this ILoggingAdapter log, string format, params object?[] args)
    {
        if (log.IsInfoEnabled)
            ((BusLogging)log).Publish((source, type) => new Info(null, source, type, Format(format, args)));
    }

    public static void Warning(this ILoggingAdapter log, string format, params object?[] args) => log.Warning(null, format, args);

    public static void Warning(this ILoggingAdapter log, Exception? cause, string format, params object?[] args)
    {
        if (log.IsWarningEnabled)
            ((BusLogging)log).Publish((source, type) => new Warning(cause, source, type, Format(format, args)));
    }

    public static void Error(this ILoggingAdapter log, string format, params object?[] args) => log.Error(null, format, args);

    public static void Error(this ILoggingAdapter log, Exception? cause, string format, params object?[] args)
    {
        if (log.IsErrorEnabled)
            ((BusLogging)log).Publish((source, type) => new Error(cause, source, type, Format(format, args)));
    }

    private static string Format(string format, object?[] args) => args.Length == 0 ? format : string.Format(format, args);
}

/// <summary>A log of one source.</summary>
internal sealed class BusLogging(ActorSystem system, string source, Type type) : ILoggingAdapter
{
    public bool IsDebugEnabled => system.Logs(LogLevel.DebugLevel);

    public bool IsInfoEnabled => system.Logs(LogLevel.InfoLevel);

    public bool IsWarningEnabled => system.Logs(LogLevel.WarningLevel);

    public bool IsErrorEnabled => system.Logs(LogLevel.ErrorLevel);

    public void Publish(Func<string, Type, LogEvent> make) => system.EventStream.Publish(make(source, type));
}
