using System.Diagnostics;
using System.Text;
using Neuralink.Tests.Support;

namespace Neuralink.Server.Tests;

/// <summary>The program neuralink-server with the bundled model, as a process of its own: it can be signalled, and its metrics are its
/// own.</summary>
public sealed class ServerProcess : IAsyncLifetime
{
    private const string Listening = "Listening on ", Ready = "is ready";

    private readonly StringBuilder _log = new();
    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ServerProcess()
    {
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        string program = Path.Combine(AppContext.BaseDirectory, "neuralink-server.dll");
        foreach (string argument in (string[])[program, "-m", BundledModel.Image, "--port", "0", "--grace-seconds", "60"])
            start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
    }

    public Uri Address => _listening.Task.Result;

    public int Id => _process.Id;

    /// <summary>What it has said so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public async Task InitializeAsync()
    {
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        TimeSpan patience = TimeSpan.FromMinutes(2);
        await _listening.Task.WaitAsync(patience);
        await _ready.Task.WaitAsync(patience);
    }

    public async Task DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    /// <summary>Asks it to end, as an orchestrator does, and gives its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{Id}"]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private void Read(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
        if (line is null)
        {
            _listening.TrySetException(new InvalidOperationException($"The server ended: {Log}"));
            _ready.TrySetException(new InvalidOperationException($"The server ended: {Log}"));
        }
        else if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and int at)
            _listening.TrySetResult(new Uri(line[(at + Listening.Length)..]));
        else if (line.EndsWith(Ready, StringComparison.Ordinal))
            _ready.TrySetResult();
    }
}
