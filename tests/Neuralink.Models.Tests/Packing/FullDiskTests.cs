using System.Diagnostics;
using Neuralink.Models.Packing;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Packing;

/// <summary>
/// A disk that fills up while a model is packed. It takes a file system of its own, so it runs on Linux as root, and elsewhere not at all.
/// </summary>
public sealed class FullDiskTests
{
    [SmallDiskTheory]
    [InlineData(16)]
    [InlineData(300)]
    [InlineData(600)]
    public void Nothing_half_written_stays(int kibibytes)
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        string mount = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        SmallDiskTheoryAttribute.Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", mount).Should().BeTrue();
        try
        {
            string destination = Path.Combine(mount, "model.nlk");
            FluentActions.Invoking(() => PackedModel.Pack(model.Folder, destination, new PackOptions()))
                .Should().Throw<NeuralinkException>()
                .WithMessage($"*{mount}*free*space*");
            Directory.GetFileSystemEntries(mount).Should().BeEmpty();
        }
        finally
        {
            SmallDiskTheoryAttribute.Run("umount", mount);
            Directory.Delete(mount);
        }
    }
}

/// <summary>A theory that needs a file system of a few KiB; skipped where none can be mounted.</summary>
public sealed class SmallDiskTheoryAttribute : TheoryAttribute
{
    public SmallDiskTheoryAttribute()
    {
        if (!CanMount())
            Skip = "a small file system can be mounted on Linux as root only";
    }

    internal static bool Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static bool CanMount()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;
        string probe = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        try
        {
            return Run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", probe) && Run("umount", probe);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
        finally
        {
            Directory.Delete(probe);
        }
    }
}
