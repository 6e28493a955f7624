using System.Numerics;
using System.Runtime.InteropServices;

namespace Neuralink.Studies.Measuring;

/// <summary>What figures were measured on.</summary>
public static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo", NameField = "model name";

    /// <summary>The processor's name where the system says it, else the architecture.</summary>
    public static string Name => Field(NameField) ?? $"{RuntimeInformation.ProcessArchitecture}";

    /// <summary>Name, family and model, the architecture and the width of its vectors.</summary>
    public static string Description
    {
        get
        {
            string[] names = [NameField, "cpu family", "model"];
            IEnumerable<string> found = names.Select(name => (name, value: Field(name))).Where(f => f.value is not null)
                .Select(f => $"{f.name} {f.value}");
            int bits = Vector<byte>.Count * 8;
            return string.Join(", ", [.. found, $"{RuntimeInformation.ProcessArchitecture}", $"Vector<T> of {bits} bits"]);
        }
    }

    private static string? Field(string name)
    {
        IEnumerable<string> lines = File.Exists(CpuInfo) ? File.ReadLines(CpuInfo) : [];
        return lines.Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).FirstOrDefault(f => f[0] == name) is [_, var value]
            ? value
            : null;
    }
}
