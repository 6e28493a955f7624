using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>A node as a process of its own, with a real engine.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, NodeRequest> _requests = new();
    private readonly ConcurrentQueue<string> _other = new();
    private int _last;

    public NodeProcess(string image, int port, IEnumerable<string> seeds)
    {
        Port = port;
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "Neuralink.Hosting.Cluster.Node.dll")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        Dictionary<string, string> settings = new()
        {
            ["Model"] = image,
            ["Threads"] = "1",
            ["Sequences"] = "4",
            ["KvTokens"] = "1024",
            ["Cluster__Port"] = port.ToString(CultureInfo.InvariantCulture),
            ["Cluster__GossipInterval"] = "00:00:00.2",
            ["Cluster__HeartbeatPause"] = "00:00:04",
            ["Cluster__StableAfter"] = "00:00:01",
            ["Cluster__RetryInterval"] = "00:00:00.5",
            ["Cluster__ReportInterval"] = "00:00:00.1",
        };
        foreach ((string name, string value) in settings.Concat(
            seeds.Select((seed, i) => KeyValuePair.Create($"Cluster__Seeds__{i}", seed))))
            start.Environment[$"Neuralink__{name}"] = value;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.BeginOutputReadLine();
    }

    public int Port { get; }

    /// <summary>Lines that a node has no reason to say.</summary>
    public IEnumerable<string> OtherLines => _other;

    /// <summary>Ends when the node is a member.</summary>
    public Task WhenReady => _ready.Task;

    public NodeRequest Send(string conversation, int[] prompt, int tokens, int pauseMillis = 0)
    {
        string id = $"r{Interlocked.Increment(ref _last)}";
        NodeRequest request = _requests[id] = new NodeRequest(conversation, prompt);
        lock (_process)
        {
            _process.StandardInput.WriteLine($"{id} {conversation} {tokens} {pauseMillis} {string.Join(' ', prompt)}");
            _process.StandardInput.Flush();
        }
        return request;
    }

    /// <summary>Ends it without a word.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end, and waits until it has.</summary>
    public async Task<int> TerminateAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync().WaitAsync(Eventually.Max);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            // Whoever waits on this process sees that it is gone.
            _ready.TrySetException(new InvalidOperationException("The node ended before it was ready."));
            foreach (NodeRequest pending in _requests.Values)
                pending.End("gone");
            return;
        }
        if (line == "ready")
        {
            _ready.TrySetResult();
            return;
        }
        string[] words = line.Split(' ', 3);
        if (!_requests.TryGetValue(words[0], out NodeRequest? request))
            _other.Enqueue(line);
        else if (words[1] == "token")
            request.Add(int.Parse(words[2], CultureInfo.InvariantCulture));
        else
            request.End($"{words[1]} {words[2]}");
    }
}

/// <summary>A request that a node was sent.</summary>
internal sealed class NodeRequest(string conversation, int[] prompt)
{
    private readonly ConcurrentQueue<int> _tokens = new();
    private readonly TaskCompletionSource<string> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Conversation => conversation;

    public int[] Prompt => prompt;

    /// <summary>What has come.</summary>
    public int[] Tokens => [.. _tokens];

    /// <summary>"finished" and the tokens that were not run again, "failed" and why, or "gone" with the process that was asked.</summary>
    public Task<string> Outcome => _outcome.Task;

    public void Add(int token) => _tokens.Enqueue(token);

    public void End(string outcome) => _outcome.TrySetResult(outcome);
}
