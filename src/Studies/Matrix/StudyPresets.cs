namespace Neuralink.Studies.Matrix;

/// <summary>A study that ships with the command.</summary>
/// <param name="Name">What a user calls it.</param>
/// <param name="Summary">What it answers, in one line.</param>
/// <param name="Load">Makes it: reads an embedded study file, or builds cells and report in code.</param>
public sealed record StudyPreset(string Name, string Summary, Func<Study> Load)
{
    /// <summary>One that is a study file among the resources of this assembly.</summary>
    internal static StudyPreset Embedded(string name, string summary) =>
        new(name, summary, () => StudyFile.Parse(name, $"the preset {name}", Bytes(name)));

    /// <summary>The file of an embedded one.</summary>
    internal static byte[] Bytes(string name)
    {
        using Stream resource = typeof(StudyPreset).Assembly.GetManifestResourceStream($"{name}.study.json")!;
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}

/// <summary>
/// The presets. One that is a matrix is a study file among the resources of this assembly. One that compares with published metrics, or
/// computes something beside its cells, is code: a class with a method that returns its <see cref="Study"/> is a line in
/// <see cref="All"/>.
/// </summary>
public static class StudyPresets
{
    /// <summary>All of them, in the order in which they are listed.</summary>
    public static IReadOnlyList<StudyPreset> All { get; } =
    [
        new(
            Paper.PaperStudy.Name, "the Neuralink paper's tables and headlines beside this simulation, and what overlap adds",
            Paper.PaperStudy.Load),
        StudyPreset.Embedded("overlap", "every strategy over the ratio of I/O to computing, with a perfect lookahead as the bound"),
        StudyPreset.Embedded("cache", "cache policies and sizes around one token's demand"),
        StudyPreset.Embedded("device", "every strategy on a microSD card, UFS 3.1, UFS 4.0 and NVMe"),
        StudyPreset.Embedded("ablation", "from LLM in a flash to the whole engine, one part at a time"),
        StudyPreset.Embedded("order", "orders on flash in domain, out of domain and on longer texts"),
        new(Boards.BoardsStudy.Name, "what several boards bring, as replicas and with sharded neurons", Boards.BoardsStudy.Load),
        StudyPreset.Embedded("lookahead", "when reading ahead pays: precision, recall, depth and idle time"),
    ];

    /// <summary>The preset of that name, or null.</summary>
    public static StudyPreset? Find(string name) =>
        All.FirstOrDefault(preset => preset.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
