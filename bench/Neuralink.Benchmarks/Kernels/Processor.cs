using System.Numerics;
using System.Runtime.InteropServices;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>What the figures were measured on.</summary>
internal static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>The processor's name where the system says it, the architecture and the width of its vectors.</summary>
    public static string Description
    {
        get
        {
            string[] lines = File.Exists(CpuInfo) ? File.ReadAllLines(CpuInfo) : [];
            string[] names = ["model name", "cpu family", "model"];
            IEnumerable<string> found = names.Select(name => lines.FirstOrDefault(line => line.Split(':')[0].TrimEnd() == name))
                .OfType<string>()
                .Select(line => string.Join(' ', line.Split((char[])[' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries)));
            int bits = Vector<byte>.Count * 8;
            return string.Join(", ", [.. found, $"{RuntimeInformation.ProcessArchitecture}", $"Vector<T> of {bits} bits"]);
        }
    }
}
