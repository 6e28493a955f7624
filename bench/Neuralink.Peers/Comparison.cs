using System.Text.Json;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Studies.Measuring;

namespace Neuralink.Peers;

/// <summary>Runs every engine once a round, another one first each time, and prints the figures side by side.</summary>
internal sealed class Comparison(PeerSettings settings, TextWriter output, TextWriter notes)
{
    private readonly List<PeerRun> _runs = [];
    private IReadOnlyList<int>? _tokens;      // of the first engine that says them

    /// <returns>0, or 1 where an engine failed.</returns>
    public int Run()
    {
        PeerCommand[] peers =
            [.. BuiltInPeers.Of(settings), .. settings.Descriptions.Select(path => PeerDescription.Read(path, settings))];
        foreach (PeerCommand peer in peers.Where(peer => !File.Exists(peer.Model) && !Directory.Exists(peer.Model)))
            throw new NeuralinkException($"run {peer.Name}", $"the model {peer.Model}", "no such file or folder");
        notes.WriteLine($"peers: {Processor.Description}, {settings.Threads} threads");
        if (settings.ProbeSeconds > 0)
            Probe(peers[0].Model);
        bool isLimited = settings.LimitBytes is { } limit && CanLimit(limit);
        HashSet<string> failed = new(StringComparer.Ordinal);
        for (int round = 0; round < settings.Rounds; round++)
        {
            for (int i = 0; i < peers.Length; i++)
            {
                PeerCommand peer = peers[(round + i) % peers.Length];
                if (!failed.Contains(peer.Name) && !TryRun(peer, round, isLimited))
                    failed.Add(peer.Name);
            }
        }
        if (!settings.Json && _runs.Count > 0)
            ComparisonTable.Write(_runs, [.. peers.Select(p => p.Name)], output);
        return failed.Count == 0 ? 0 : 1;
    }

    /// <summary>What the disk does meanwhile, by the patterns that fio calls randread and read.</summary>
    private void Probe(string model)
    {
        string path = FlashImage.IsImage(model) ? Path.Combine(model, ImageFiles.Neurons) : model;
        DeviceVolume volume = DeviceVolume.Of(path, Environment.MachineName);
        ProbeOptions options = new(TimeSpan.FromSeconds(settings.ProbeSeconds));
        string target = DeviceProbe.MeasuresItself(path, options) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        ProbeResult probed = DeviceProbe.Run(target, volume, options, TimeProvider.System, new Progress<double>(), CancellationToken.None);
        string file = probed.File is null ? "a temporary file beside it" : "the model itself";
        notes.WriteLine($"peers: {volume.Name}, {file} of {ByteSize.Format(probed.FileBytes)}, direct reads:");
        foreach (ProbeMeasurement m in probed.Measurements.Where(m => m.Cell.QueueDepth is 1 or 32
            && (m.Cell.Bytes == 1 << 20 || m.Cell is { Bytes: 4096 or 65536, Pattern: AccessPattern.Random })))
        {
            notes.WriteLine(
                $"peers:   {(m.Cell.Pattern == AccessPattern.Random ? "random" : "sequential"),-10} {ByteSize.Format(m.Cell.Bytes),7} "
                + $"depth {m.Cell.QueueDepth,2} by {m.Cell.IoMethod,-8}: {m.ReadsPerSecond,8:0} reads/s, {m.MegabytesPerSecond,6:0} MB/s");
        }
    }

    /// <summary>Whether there can be a limit; where not, everything runs without, and that is said.</summary>
    private bool CanLimit(long limit)
    {
        using MemoryGroup? group = MemoryGroup.TryCreate(limit, out string? refusal);
        if (group is null)
            notes.WriteLine($"peers: the comparison under a memory limit is skipped: {refusal}");
        return group is not null;
    }

    private bool TryRun(PeerCommand peer, int round, bool isLimited)
    {
        if (settings.IsCold)
            Drop(peer.Model);
        try
        {
            using MemoryGroup? group = isLimited ? MemoryGroup.TryCreate(settings.LimitBytes!.Value, out _) : null;
            ConfinedRun run = ConfinedRun.Run(peer.Name, peer.Words, group);
            PeerOutput said = peer.Read(run.Output);
            _tokens ??= said.Tokens;
            _runs.Add(new PeerRun
            {
                Peer = peer.Name,
                Round = round,
                PageCache = settings.IsCold ? "cold" : "warm",
                LimitBytes = isLimited ? settings.LimitBytes : null,
                MillisPerToken = said.MillisPerToken,
                WorstMillis = said.WorstMillis,
                LoadMillis = said.LoadMillis,
                FirstTokenMillis = said.FirstTokenMillis,
                Seconds = run.Seconds,
                ReadBytes = run.ReadBytes,
                MajorFaults = run.MajorFaults,
                PeakBytes = run.PeakBytes,
                SameTokens = said.Tokens is { } tokens ? tokens.SequenceEqual(_tokens!) : null,
            });
            if (settings.Json)
                output.WriteLine(JsonSerializer.Serialize(_runs[^1], PeerJson.Default.PeerRun));
            return true;
        }
        catch (NeuralinkException error)
        {
            notes.WriteLine($"peers: {error.Message}; it is not run again");
            return false;
        }
    }

    private void Drop(string model)
    {
        string[] files = Directory.Exists(model) ? Directory.GetFiles(model) : [model];
        if (!files.All(PageCache.TryDrop))
            notes.WriteLine($"peers: the page cache keeps what it has of {model}: this system drops nothing on request");
    }
}
