namespace Neuralink.Studies.Matrix;

/// <summary>A study that ships with the command.</summary>
/// <param name="Name">What a user calls it.</param>
/// <param name="Summary">What it answers, in one line.</param>
/// <param name="Load">Makes it: reads an embedded study file, or builds cells and report in code.</param>
public sealed record StudyPreset(string Name, string Summary, Func<Study> Load);

/// <summary>
/// The presets. One that is a matrix is a study file among the resources of this assembly. One that compares with published metrics, or
/// computes something beside its cells, is code: a class with a method that returns its <see cref="Study"/> is a line in
/// <see cref="All"/>.
/// </summary>
public static class StudyPresets
{
    /// <summary>All of them, in the order in which they are listed.</summary>
    public static IReadOnlyList<StudyPreset> All { get; } = [];

    /// <summary>The preset of that name, or null.</summary>
    public static StudyPreset? Find(string name) =>
        All.FirstOrDefault(preset => preset.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
