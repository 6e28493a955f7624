using System.IO.Pipes;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Terminal;

/// <summary>Over descriptors of this process that stand for standard output.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DescriptorStreamTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [UnixFact]
    public async Task What_is_written_arrives_whole_and_in_order_however_slowly_it_is_read()
    {
        // More than a pipe holds.
        byte[] bytes = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        Task write = Task.Run(() =>
        {
            using DescriptorStream stream = new(Number(reader.ClientSafePipeHandle));
            stream.Write(bytes);
            reader.DisposeLocalCopyOfClientHandle();
        });
        using MemoryStream read = new();
        await reader.CopyToAsync(read, bufferSize: 1000);
        await write;
        read.ToArray().Should().Equal(bytes);
    }

    [UnixFact]
    public void A_reader_that_has_gone_is_told_from_any_other_failure()
    {
        using AnonymousPipeServerStream reader = new(PipeDirection.In);
        SafePipeHandle writer = reader.ClientSafePipeHandle;
        using DescriptorStream stream = new(Number(writer));
        UnixCalls.IsHungUp(Number(writer)).Should().BeFalse();
        stream.Write("a"u8);
        reader.SafePipeHandle.Dispose();
        UnixCalls.IsHungUp(Number(writer)).Should().BeTrue();
        stream.Invoking(s => s.Write("b"u8)).Should().Throw<ReaderGoneException>();
    }

    [UnixFact]
    public void A_full_disk_keeps_its_code()
    {
        if (!File.Exists("/dev/full"))
            return;
        // Without a lock, which another test that writes there may hold.
        using SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        using DescriptorStream stream = new((int)full.DangerousGetHandle());
        stream.Invoking(s => s.Write("a"u8)).Should().Throw<IOException>().Which.HResult.Should().Be(28);
    }

    [UnixFact]
    public void Two_that_write_to_one_open_file_do_not_overwrite_each_other()
    {
        string path = _home.PathOf("out");
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        using (DescriptorStream first = new((int)file.DangerousGetHandle()), second = new((int)file.DangerousGetHandle()))
        {
            first.Write(Encoding.UTF8.GetBytes("one "));
            second.Write(Encoding.UTF8.GetBytes("two "));
            first.Write(Encoding.UTF8.GetBytes("three"));
        }
        File.ReadAllText(path).Should().Be("one two three");
    }

    [UnixFact]
    public void A_file_of_this_process_is_not_taken_for_one_that_it_was_started_with()
    {
        using SafeFileHandle file = File.OpenHandle(_home.PathOf("a"), FileMode.CreateNew, FileAccess.Write);
        UnixCalls.IsInherited((int)file.DangerousGetHandle()).Should().BeFalse();
        UnixCalls.IsInherited(int.MaxValue).Should().BeFalse("it is not open");
        UnixCalls.IsInherited(1).Should().BeTrue("whoever ran the tests gave them a standard output");
    }

    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "Windows has no descriptors" : null;
    }

    private static int Number(SafePipeHandle handle) => (int)handle.DangerousGetHandle();
}
