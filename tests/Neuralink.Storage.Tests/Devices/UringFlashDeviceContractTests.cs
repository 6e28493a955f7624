using Neuralink.Storage.Devices;

namespace Neuralink.Storage.Tests.Devices;

/// <summary>Where a system has no io_uring, this runs over the fallback, which has the same contract.</summary>
public sealed class UringFlashDeviceDirectTests : FlashDeviceContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IFlashDevice Open(byte[] content, int queueDepth) =>
        FlashFile.Open(_folder.Write("image", content), FlashAccess.Uring, Stride, queueDepth, TimeProvider.System);

    protected override void DisposeMore() => _folder.Dispose();
}

public sealed class UringFlashDeviceBufferedTests : FlashDeviceContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IFlashDevice Open(byte[] content, int queueDepth) => OperatingSystem.IsLinux()
        ? FlashFile.OpenUring(
            _folder.Write("image", content), FlashAccess.Buffered, Stride, queueDepth, TimeProvider.System, UringCalls.Setup)
        : FlashFile.Open(_folder.Write("image", content), FlashAccess.Buffered, Stride, queueDepth, TimeProvider.System);

    protected override void DisposeMore() => _folder.Dispose();
}
