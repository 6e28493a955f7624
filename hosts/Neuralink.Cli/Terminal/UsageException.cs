namespace Neuralink.Cli.Terminal;

/// <summary>The command line itself is wrong. The message says what was expected and what was found.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
