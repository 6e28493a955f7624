using System.Diagnostics;
using System.Globalization;
using Neuralink.Storage;

namespace Neuralink.Peers;

/// <summary>What a process did, its children included.</summary>
/// <param name="Output">What it wrote, on both streams.</param>
/// <param name="Seconds">How long it ran.</param>
/// <param name="ReadBytes">Bytes that it had fetched from block devices, by reads and by page faults.</param>
/// <param name="MajorFaults">Page faults that waited for a block device.</param>
/// <param name="PeakBytes">The most memory of its group, page cache included; null without a group.</param>
internal sealed record ConfinedRun(string Output, double Seconds, long ReadBytes, long MajorFaults, long? PeakBytes)
{
    // A shell puts itself into the group and runs the command in it. What a process's children did is in its own account once they are
    // over, so the shell copies that. The command's words are arguments of the script, and no part of it.
    private const string Script =
        """
        [ -z "$1" ] || echo $$ > "$1" || exit 97
        report="$2"; shift 2
        "$@"; code=$?
        cat /proc/$$/io /proc/$$/stat > "$report"
        exit $code
        """;

    /// <summary>Runs a command to its end.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="words">The program and its arguments.</param>
    /// <param name="group">The group to run it in, or null.</param>
    /// <exception cref="NeuralinkException">It failed, or was killed.</exception>
    public static ConfinedRun Run(string name, IReadOnlyList<string> words, MemoryGroup? group)
    {
        string report = Path.GetTempFileName();
        try
        {
            long start = Stopwatch.GetTimestamp();
            (string output, int code) = RunShell([group?.ProcessesFile ?? "", report, .. words]);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (code != 0)
                throw Failure(name, code, output, group);
            (long bytes, long faults) = Account(File.ReadAllLines(report));
            return new ConfinedRun(output, seconds, bytes, faults, group?.PeakBytes);
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>Bytes read and major faults, from /proc/PID/io and /proc/PID/stat of a process whose children are over.</summary>
    internal static (long ReadBytes, long MajorFaults) Account(IReadOnlyList<string> lines)
    {
        const string Read = "read_bytes: ";
        string bytes = lines.First(line => line.StartsWith(Read, StringComparison.Ordinal))[Read.Length..];
        // The command's name is in brackets, and may hold blanks. Field 12 counts the process's own faults, 13 those of its children.
        string[] fields = lines[^1][(lines[^1].LastIndexOf(')') + 2)..].Split(' ');
        return (
            long.Parse(bytes, CultureInfo.InvariantCulture),
            long.Parse(fields[9], CultureInfo.InvariantCulture) + long.Parse(fields[10], CultureInfo.InvariantCulture));
    }

    private static (string Output, int Code) RunShell(IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new("/bin/sh", ["-c", Script, "peers", .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        // Standard output last: of engines that are built in, the result is its last line.
        return (errors.Result + output, process.ExitCode);
    }

    private static NeuralinkException Failure(string name, int code, string output, MemoryGroup? group)
    {
        string last = output.TrimEnd().Split('\n')[^1];
        return code switch
        {
            97 => new NeuralinkException($"put {name} into a cgroup", null, last, "run without --limit"),
            137 when group is not null => new NeuralinkException($"run {name}", "that it fits the limit", "it was killed: out of memory"),
            _ => new NeuralinkException($"run {name}", "exit code 0", $"{code}: {last}"),
        };
    }
}
