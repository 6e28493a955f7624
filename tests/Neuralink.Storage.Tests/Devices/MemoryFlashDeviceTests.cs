using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Tests.Devices;

public sealed class MemoryFlashDeviceTests : FlashDeviceContract
{
    protected override IFlashDevice Open(byte[] content, int queueDepth) => new MemoryFlashDevice(content, queueDepth, TimeProvider.System);
}

public sealed class MemoryFlashDeviceOverABufferTests : FlashDeviceContract
{
    private readonly NativeArena _image = new(1 << 20);

    protected override IFlashDevice Open(byte[] content, int queueDepth)
    {
        NativeBuffer image = _image.Allocate(content.Length, "image");
        content.CopyTo(image.Bytes(0, content.Length));
        return new MemoryFlashDevice(image, queueDepth, TimeProvider.System);
    }

    protected override void DisposeMore() => _image.Dispose();
}
