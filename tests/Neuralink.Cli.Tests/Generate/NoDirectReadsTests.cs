using System.ComponentModel;
using System.Diagnostics;

namespace Neuralink.Cli.Tests.Generate;

/// <summary>
/// An image where past the page cache there is no way: a ramfs, which unlike tmpfs has no direct reads on any Linux. Only root can mount
/// one; elsewhere there is nothing to test.
/// </summary>
[Collection(PackedModelFixture.Name)]
public sealed class NoDirectReadsTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("direct")]
    [InlineData("uring")]
    public async Task It_is_read_through_the_page_cache_which_is_said_in_one_line_and_the_text_stays_the_same(string io)
    {
        string mount = Directory.CreateDirectory(_home.PathOf("copy.nlk")).FullName;
        if (!OperatingSystem.IsLinux() || !Run("mount", "-t", "ramfs", "ramfs", mount))
            return;
        try
        {
            string image = _home.CopyImage(model.Image);
            CliResult run = await Generate(image, io), usual = await Generate(model.Image, io);
            (run.Code, run.Out).Should().Be((0, usual.Out), "of {0}", run.Error);
            run.Error.Split('\n').Should().ContainSingle(line => line.StartsWith("neuralink: ", StringComparison.Ordinal))
                .Which.Should().StartWith("neuralink: reading through the page cache: the file system does not do direct reads");
            (await _home.RunAsync("probe", image)).ShouldFail(1, "a file system with direct I/O", "ramfs, which lies in memory");
        }
        finally
        {
            Run("umount", mount).Should().BeTrue();
        }
    }

    private Task<CliResult> Generate(string image, string io) =>
        _home.RunAsync(
            "generate", "-m", image, "-p", "Once upon a time", "-n", "4", "--temperature", "0", "--io", io, "--strategy", "cluster");

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
