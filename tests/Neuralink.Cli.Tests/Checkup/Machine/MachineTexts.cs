using Neuralink.Cli.Checkup.Machine;

namespace Neuralink.Cli.Tests.Checkup.Machine;

/// <summary>Machines made of texts.</summary>
internal static class MachineTexts
{
    /// <summary>A machine that says nothing of itself: another system than Linux, or one that hides it.</summary>
    public static SystemFiles Nothing { get; } = new(_ => null);

    /// <summary>A machine with these files and no others.</summary>
    public static SystemFiles Files(params (string Path, string Text)[] files)
    {
        Dictionary<string, string> texts = files.ToDictionary(file => file.Path, file => file.Text, StringComparer.Ordinal);
        return new SystemFiles(texts.GetValueOrDefault);
    }
}
