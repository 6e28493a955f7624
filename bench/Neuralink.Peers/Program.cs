using Neuralink.Peers;
using Neuralink.Storage;

// Engines side by side under one memory limit: the protocol is in README.md.
try
{
    switch (args)
    {
        case ["compare", .. string[] rest]:
            return new Comparison(PeerSettings.Read(rest), Console.Out, Console.Error).Run();
        case [BuiltInPeers.Neuralink, .. string[] rest]:
            await BuiltInPeers.RunNeuralinkAsync(rest);
            return 0;
        case [BuiltInPeers.LlamaCpp, .. string[] rest]:
            BuiltInPeers.RunLlamaCpp(rest);
            return 0;
        default:
            Console.Error.WriteLine("""
                usage: dotnet run -c Release --project bench/Neuralink.Peers -- compare --image IMG [--gguf FILE.gguf] [--peer PEER.json]...
                           [--limit BYTES] [--memory BYTES] [--tokens 32] [--threads N] [--rounds 3] [--page-cache cold|warm]
                           [--prompt TEXT] [--probe 5] [--output md|jsonl]

                  --limit     of each process with its part of the page cache, by a cgroup; none by default
                  --memory    of Neuralink's native memory; the limit less 96MiB by default
                  --peer      describes another engine's command line (bench/Neuralink.Peers/README.md)
                  --probe     seconds in which the disk is measured first; 0 for none
                """);
            return 2;
    }
}
catch (FormatException error)
{
    Console.Error.WriteLine($"peers: error: {error.Message}");
    return 2;
}
catch (NeuralinkException error)
{
    Console.Error.WriteLine($"peers: error: {error.Message}");
    return 1;
}
