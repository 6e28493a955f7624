using BenchmarkDotNet.Running;
using Neuralink.Benchmarks.Devices;
using Neuralink.Benchmarks.Faults;
using Neuralink.Benchmarks.Kernels;
using Neuralink.Benchmarks.Ordering;
using Neuralink.Benchmarks.Pipeline;
using Neuralink.Benchmarks.Serving;
using Neuralink.Benchmarks.Tokenizers;

// One command a part of the engine: each measures its part against the limit below it, in one run (see docs/experiments).
try
{
    return args switch
    {
        ["kernels", .. string[] rest] => KernelsCommand.Run(rest),
        ["products", .. string[] rest] => ProductCommand.Run(rest),
        ["device", .. string[] rest] => DeviceCommand.Run(rest),
        ["overlap", .. string[] rest] => await OverlapCommand.RunAsync(rest),
        ["layers", .. string[] rest] => await LayersCommand.RunAsync(rest),
        ["first-token", .. string[] rest] => await FirstTokenCommand.RunAsync(rest),
        ["online", .. string[] rest] => await OnlineCommand.RunAsync(rest),
        ["routing", .. string[] rest] => await RoutingCommand.RunAsync(rest),
        ["simulation", .. string[] rest] => await SimulationCommand.RunAsync(rest),
        ["order", .. string[] rest] => OrderCommand.Run(rest),
        ["overhead", .. string[] rest] => await OverheadCommand.RunAsync(rest),
        ["soak", .. string[] rest] => await SoakCommand.RunAsync(rest),
        ["sharing", .. string[] rest] => await SharingCommand.RunAsync(rest),
        ["tokenizers", .. string[] rest] => TokenizersCommand.Run(rest),
        ["simulate-faults", .. string[] rest] => SimulateFaultsCommand.Run(rest),
        ["--bdn", .. string[] rest] => RunBenchmarkDotNet(rest),
        _ => Usage(),
    };
}
catch (FormatException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}

static int RunBenchmarkDotNet(string[] arguments)
{
    BenchmarkSwitcher.FromAssembly(typeof(KernelsCommand).Assembly).Run(arguments);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project bench/Neuralink.Benchmarks -- COMMAND

          kernels [--threads 1,2] [--deviation 0.002,0.02,0.2] [--rounds 7] [--only NAME]
                                                               matrix products and the sparse FFN as a share of the memory bandwidth
          products [--rows 4096] [--columns 4096] [--batches 1,8,64,512] [--rounds 5]
                                                               matrix products as a share of the multiply-adds that a core can do
          device [--submit thread|completion] [--rounds 5] [--millis 300] [--file-mib 1024] [--folder DIR]
                                                               random direct reads by threads and by io_uring
          overlap [--threads 1] [--rounds 7] [--slow 1] [--margin M] [--model DIR]
                                                               overlapped against serial reads, on a device as slow as the computing
          layers [--rounds 7]                                  what messages, leases and the cache cost a layer: all cached, no arithmetic
          first-token --image IMG [--cache 1] [--tokens 32] [--rounds 5]
                                                               the first tokens on an empty cache, with and without a warm-up
          online --identity IMG --placed IMG [--profile DEVICE.json] [--rounds 5] [--tokens 32] [--cache 0.05] [--io direct|uring]
                 [--only NAMES]
                                                               the online stage against LLM in a flash, and with each part switched off
          routing [--rounds 7] [--tokens 64] [--model DIR]
                                                               what a cluster adds to a token's way to its reader: two nodes, loopback
          simulation [--image IMG] [--caches 0.05,0.2,0.5] [--strategies NAMES] [--rounds 5] [--threads 2] [--probe-seconds 4]
                                                               what the simulator predicts of a token, beside what it takes on this disk
          order [--threads N] [--only NAME] [--tokens 20000] [--layers N] [--pair-mib 16]
                                                               counting and linking all layers of a large model, by stage
          sharing [--rounds 5] [--tokens 96] [--cache 0.05] [--image IMG]
                                                               what 1 to 16 texts that run together share of the reads, and their speed
          overhead [--rounds 9] [--tokens 200] [--cache 100%]  what the server costs one text, beside the engine in process
          soak [--minutes 30] [--clients 12] [--sequences 6]   the server under mixed traffic, with faults injected into its flash
          tokenizers [--gpt2 FILE.gguf] [--sentencepiece FOLDER] [--text FILE|FOLDER] [--rounds 7]
                                                               a text's tokens, beside Microsoft.ML.Tokenizers
          simulate-faults [--minutes 1] [--seed 0] [--threads N]
                                                               the pipeline's machines under a virtual clock, with faults drawn by chance
          --bdn [--filter PATTERN]                             the BenchmarkDotNet classes
        """);
    return 2;
}
