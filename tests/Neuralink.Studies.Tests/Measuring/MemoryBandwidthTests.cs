using Neuralink.Studies.Measuring;

namespace Neuralink.Studies.Tests.Measuring;

public sealed class MemoryBandwidthTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_buffer_is_read_by_any_number_of_threads(int threads)
    {
        double bytesPerSecond = MemoryBandwidth.Measure(threads, TimeSpan.Zero, TimeProvider.System, bufferBytes: 1 << 20);
        double.IsFinite(bytesPerSecond).Should().BeTrue();
        bytesPerSecond.Should().BePositive();
    }
}
