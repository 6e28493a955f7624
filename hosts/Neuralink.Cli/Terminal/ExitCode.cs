namespace Neuralink.Cli.Terminal;

/// <summary>What the command returns to the shell.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>An operating error: a file, a device, a budget.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A bug (EX_SOFTWARE of sysexits.h).</summary>
    public const int Unexpected = 70;

    /// <summary>The terminal was closed: 128 + SIGHUP.</summary>
    public const int HungUp = 129;

    /// <summary>Ended by Ctrl-C: 128 + SIGINT.</summary>
    public const int Cancelled = 130;

    /// <summary>Nobody reads standard output any more: 128 + SIGPIPE, as a shell reports of a program that the signal ends.</summary>
    public const int ReaderGone = 141;

    /// <summary>128 + SIGTERM.</summary>
    public const int Terminated = 143;
}
