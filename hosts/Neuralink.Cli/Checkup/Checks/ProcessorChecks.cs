using System.Globalization;
using System.Runtime.InteropServices;
using Neuralink.Cli.Checkup.Machine;
using Neuralink.Kernels;

namespace Neuralink.Cli.Checkup.Checks;

/// <summary>The processor, the kernels that run on it, and what share of it there is.</summary>
internal static class ProcessorChecks
{
    // Those that the kernels use, by the names of Linux.
    private static readonly string[] s_wanted = ["avx2", "fma", "avx512f", "avx512bw", "avx_vnni", "asimd", "asimddp"];

    public static IEnumerable<Finding> Of(SystemFiles files)
    {
        ProcessorInfo info = ProcessorInfo.Parse(files.Read("/proc/cpuinfo"));
        int count = Environment.ProcessorCount;
        yield return Finding.Good(
            "processor",
            $"{info.Name ?? "a processor without a name"}, {RuntimeInformation.ProcessArchitecture}; {Count(count)}",
            ("processors", count));
        yield return Vectors(
            info, new VectorChoice(
                KernelVectors.WeightBits, KernelVectors.SketchBits, KernelVectors.AvoidsWideVectors, KernelVectors.InstructionSets));
        yield return Subnormals(KernelVectors.SubnormalCost, KernelVectors.MultipliesSubnormals);
        yield return Limit(files, count);
        yield return Frequency(files);
    }

    /// <summary>Which vectors the kernels run on, and why not on wider ones.</summary>
    /// <param name="info">What the processor says.</param>
    /// <param name="choice">What the runtime and the kernels made of it.</param>
    internal static Finding Vectors(ProcessorInfo info, VectorChoice choice)
    {
        string sets = choice.InstructionSets.Count > 0 ? $" ({string.Join(", ", choice.InstructionSets)})" : "";
        string value = $"kernels run in {choice.WeightBits} bits, those of sketches in {choice.SketchBits}{sets}";
        (string, double)[] metrics = [("weight_bits", choice.WeightBits), ("sketch_bits", choice.SketchBits)];
        string[] unused =
            [.. s_wanted.Where(set => info.Features.Contains(set) && !choice.InstructionSets.Contains(set, StringComparer.Ordinal))];
        if (unused.Length > 0)
        {
            return Finding.Note(
                "vectors", $"{value}; the processor also has {string.Join(", ", unused)}, and .NET does not use that",
                "unset DOTNET_EnableHWIntrinsic, DOTNET_EnableAVX2, DOTNET_EnableAVX512 and the like, and use the newest .NET", metrics);
        }
        if (choice.AvoidsWide && choice.WeightBits < 512)
        {
            return Finding.Note(
                "vectors", $"{value}; avx512f is there, but .NET chooses 256 bits on processors that slow down for 512",
                "try DOTNET_PreferredVectorBitWidth=512, and compare by 'neuralink bench'", metrics);
        }
        return choice.WeightBits == 128 && info.Features.Contains("sse2")
            ? Finding.Note(
                "vectors", $"{value}; there is no avx2", "take a processor with it (from 2015 on), for several times the speed", metrics)
            : Finding.Good("vectors", value, metrics);
    }

    /// <summary>How f16 weights are widened, and why so.</summary>
    internal static Finding Subnormals(double cost, bool multiplies)
        => Finding.Good(
            "f16",
            string.Create(CultureInfo.InvariantCulture, $"subnormal numbers take {cost:0.0} times as long as others: ")
            + "f16 weights are widened " + (multiplies ? "by a multiplication" : "by integer operations, which cost bf16's speed"),
            ("subnormal_cost", cost));

    /// <summary>What a control group leaves of the processors.</summary>
    internal static Finding Limit(SystemFiles files, int processors)
    {
        const string Name = "processor_limit";
        if (GroupProcessors.Find(files) is not { } limit)
            return Finding.Good(Name, "none");
        string value = $"{limit.Processors:0.##} processors' time, by {limit.File}";
        return limit.Processors >= processors
            ? Finding.Good(Name, value, ("processors", limit.Processors))
            : Finding.Note(
                Name, value,
                $"give --threads {Math.Max(1, (int)limit.Processors)}, because more use the time up and then all stop; or raise the limit",
                ("processors", limit.Processors));
    }

    internal static Finding Frequency(SystemFiles files)
    {
        const string Name = "frequency";
        if (FrequencyGovernor.Find(files) is not { } governor)
            return Finding.Good(Name, "no governor is to be seen here: the system or the host of a virtual machine sets the frequency");
        string value = $"governor {governor.Governor}{(governor.Driver is { } driver ? $" of {driver}" : "")}";
        return governor.IsSlow
            ? Finding.Note(
                Name, $"{value}, which holds the frequency down", "set another: 'cpupower frequency-set -g performance', as root")
            : Finding.Good(Name, value);
    }

    internal static string Count(int processors) => processors == 1 ? "1 processor" : $"{processors} processors";
}

/// <summary>What runs, of what the processor could.</summary>
/// <param name="WeightBits">Bits of the vectors of float products.</param>
/// <param name="SketchBits">Of sketches.</param>
/// <param name="AvoidsWide">Whether the runtime does not choose 512 bits by itself although it could.</param>
/// <param name="InstructionSets">That the runtime uses, of those that kernels ask for.</param>
internal sealed record VectorChoice(int WeightBits, int SketchBits, bool AvoidsWide, IReadOnlyList<string> InstructionSets);
