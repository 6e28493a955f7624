using Neuralink.Storage.Profiles;
using Neuralink.Studies.Devices;

namespace Neuralink.Studies.Tests.Devices;

/// <summary>The devices that ship do what their sources say.</summary>
public sealed class DeviceModelsTests
{
    [Fact]
    public void Ufs_4_0_gives_back_the_rows_that_it_is_fitted_to()
    {
        DeviceModel ufs = DeviceModels.Find("ufs-4.0");
        foreach ((double share, double megabytes, double millis) in PublishedReads.Table2)
        {
            double bytes = megabytes * millis * 1000, neurons = 24 * 4096;
            double runs = share < 1 ? neurons * share * (1 - share) : bytes / (256 << 10);
            double fitted = runs * ufs.Cost.MicrosOf((long)(bytes / runs)) / 1000;
            (fitted / millis).Should().BeInRange(0.85, 1.15, $"at {share:0%} active");
        }
    }

    [Fact]
    public void Ufs_3_1_gives_back_the_column_that_it_is_fitted_to()
    {
        DeviceModel ufs = DeviceModels.Find("ufs-3.1");
        double active = 24 * 8192 * PublishedReads.Opt1300MActiveShare, runs = active * (1 - PublishedReads.Opt1300MActiveShare);
        long bytes = (long)(active * 8192 / runs);
        double millis = runs * (ufs.Cost.MicrosOf(bytes) + ufs.Latency.MicrosOf(bytes)) / 1000;
        (millis / PublishedReads.Opt1300MReadMillis).Should().BeInRange(0.99, 1.01);
    }

    [Fact]
    public void Every_device_has_sources_and_is_found_by_its_name()
    {
        foreach (DeviceModel device in DeviceModels.All)
        {
            device.Sources.Should().NotBeEmpty();
            DeviceModels.Find(device.Name.ToUpperInvariant()).Should().BeSameAs(device);
        }
    }

    [Fact]
    public void Wide_spread_reads_and_several_readers_cost_more()
    {
        DeviceModel ufs = DeviceModels.Find("ufs-4.0");
        double near = ufs.CostOf(100 << 20, readers: 1).MicrosOf(4096);
        ufs.CostOf(4L << 30, readers: 1).MicrosOf(4096).Should().BeApproximately(near * 1000 / 850, 0.05 * near);
        ufs.CostOf(100 << 20, readers: 8).MicrosOf(4096).Should().BeApproximately(near / 0.6, 0.01 * near);
    }

    [Fact]
    public void A_profile_with_lone_reads_says_what_a_read_takes_beyond_the_devices_work()
    {
        DeviceProfile profile = DeviceProfile.Default with
        {
            Name = "a disk",
            Reads = [new DeviceRead(4096, 10), new DeviceRead(65536, 40)],
            BurstReads = [new DeviceRead(4096, 20), new DeviceRead(65536, 80)],
            LoneReads = [new DeviceRead(4096, 90), new DeviceRead(65536, 180)],
            ProcessorMicros = 9,
        };
        DeviceModel device = DeviceModels.Of(profile, "this");
        device.Cost.MicrosOf(4096).Should().Be(20, "a layer's reads come in bursts");
        device.Latency.MicrosOf(4096).Should().BeApproximately(70, 0.1);
        device.Latency.MicrosOf(65536).Should().BeApproximately(100, 0.1);
        device.SubmitMicros.Should().Be(9);
    }
}
