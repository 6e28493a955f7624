using BenchmarkDotNet.Running;
using Neuralink.Benchmarks.Kernels;

// One command a part of the engine: each measures its part against the limit below it, in one run (see docs/experiments.md).
return args switch
{
    ["kernels", .. string[] rest] => KernelsCommand.Run(rest),
    ["--bdn", .. string[] rest] => RunBenchmarkDotNet(rest),
    _ => Usage(),
};

static int RunBenchmarkDotNet(string[] arguments)
{
    BenchmarkSwitcher.FromAssembly(typeof(KernelsCommand).Assembly).Run(arguments);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("""
        usage: dotnet run -c Release --project bench/Neuralink.Benchmarks -- COMMAND

          kernels [--threads 1,2] [--rounds 7] [--only NAME]   matrix products and the sparse FFN as a share of the memory bandwidth
          --bdn [--filter PATTERN]                             the BenchmarkDotNet classes
        """);
    return 2;
}
