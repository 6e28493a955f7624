using System.Diagnostics;

namespace Neuralink.Cli.Terminal;

/// <summary>What the process takes of the machine's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>The largest resident set so far (VmHWM on Linux).</summary>
    public static long PeakBytes()
    {
        using Process process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
