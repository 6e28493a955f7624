namespace Neuralink.Cli.Checkup.Machine;

/// <summary>/proc/cpuinfo: what the processor says it can do, whether or not a program uses it.</summary>
/// <param name="Name">Its name, or null: an Arm kernel gives numbers only.</param>
/// <param name="Features">Words such as "avx2" or "asimddp"; none where the system does not say.</param>
internal sealed record ProcessorInfo(string? Name, IReadOnlySet<string> Features)
{
    // x86 calls the list "flags" and Arm "Features". An Arm board may say what it is in a field "Model" or "Hardware".
    private static readonly string[] s_names = ["model name", "Model", "Hardware"], s_features = ["flags", "Features"];

    public static ProcessorInfo Parse(string? text)
    {
        Dictionary<string, string> fields = SystemFiles.Fields(text ?? "");
        string? name = s_names.Select(field => fields.GetValueOrDefault(field)).FirstOrDefault(value => !string.IsNullOrEmpty(value));
        IEnumerable<string> features = s_features.SelectMany(
            field => fields.GetValueOrDefault(field)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
        return new ProcessorInfo(name, features.ToHashSet(StringComparer.OrdinalIgnoreCase));
    }
}
