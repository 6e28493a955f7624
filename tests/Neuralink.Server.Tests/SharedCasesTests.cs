using System.Diagnostics;
using Neuralink.Tests.Support;
using Xunit.Abstractions;

namespace Neuralink.Server.Tests;

/// <summary>What clients trip over, written down as cases beside the repository: ../shared/server-cases, run by the script there.</summary>
public sealed class SharedCasesTests(ServerProcess server, ITestOutputHelper output) : IClassFixture<ServerProcess>
{
    [SharedCasesFact]
    public async Task Every_case_is_as_expected()
    {
        ProcessStartInfo start = new("python3") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string file in (string[])["run-server-cases.py", "cases.json"])
            start.ArgumentList.Add(Path.Combine(SharedCases.Folder, file));
        start.ArgumentList.Add("--url");
        start.ArgumentList.Add($"{server.Address}");
        using Process process = Process.Start(start)!;
        string printed = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        output.WriteLine(printed);
        Console.WriteLine(printed.TrimEnd().Split('\n')[^1]);
        printed.Should().MatchRegex(@"^(\d+) of \1 cases as expected\s*$");
        process.ExitCode.Should().Be(0);
    }
}

/// <summary>Skipped, with the reason, where the cases or Python are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedCasesFactAttribute : FactAttribute
{
    public SharedCasesFactAttribute()
    {
        if (!Directory.Exists(SharedCases.Folder))
            Skip = "the cases ../shared/server-cases are not beside this repository";
        else if (!HasPython())
            Skip = "there is no python3 to run the cases with";
    }

    private static bool HasPython()
    {
        try
        {
            using Process? process = Process.Start(
                new ProcessStartInfo("python3", "--version") { RedirectStandardOutput = true, UseShellExecute = false });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

internal static class SharedCases
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "server-cases"));
}
