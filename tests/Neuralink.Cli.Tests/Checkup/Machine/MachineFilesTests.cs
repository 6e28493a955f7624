using Neuralink.Cli.Checkup.Machine;

namespace Neuralink.Cli.Tests.Checkup.Machine;

/// <summary>What other machines' files say, damaged and empty ones among them.</summary>
public sealed class MachineFilesTests
{
    [Fact]
    public void Memory_of_a_current_kernel() => MemoryInfo.Parse(
        "MemTotal:       24684096 kB\nMemFree:        20565460 kB\nMemAvailable:   23422600 kB\nSwapTotal:       1048576 kB\n")
        .Should().Be(new MemoryInfo(24684096L << 10, 23422600L << 10, 1L << 30));

    [Fact]
    public void Memory_of_a_kernel_that_leaves_the_sum_to_the_reader() => MemoryInfo.Parse(
        "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n").Should().Be(new MemoryInfo(1000 << 10, 420 << 10, 0));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MemTotal: 5 kB")]
    [InlineData("MemTotal: many kB\nMemAvailable: 3 kB")]
    [InlineData("MemTotal: 99999999999999999999 kB\nMemAvailable: 3 kB")]
    public void Memory_that_is_not_said(string? text) => MemoryInfo.Parse(text).Should().BeNull();

    [Fact]
    public void A_processor_of_intel()
    {
        ProcessorInfo info = ProcessorInfo.Parse(
            "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.50GHz\n"
            + "flags\t\t: fpu sse2 avx2 fma avx512f avx512_vnni\n");
        info.Name.Should().Be("Intel(R) Xeon(R) CPU @ 2.50GHz");
        info.Features.Should().Contain(["avx2", "avx512f"]).And.NotContain("asimd");
    }

    [Fact]
    public void A_board_with_an_arm_processor()
    {
        ProcessorInfo info = ProcessorInfo.Parse(
            "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes crc32 asimdhp cpuid asimdrdm asimddp\n"
            + "CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nRevision\t: d04170\nModel\t\t: Raspberry Pi 5 Model B Rev 1.0\n");
        info.Name.Should().Be("Raspberry Pi 5 Model B Rev 1.0");
        info.Features.Should().Contain(["asimd", "asimddp"]);
        ProcessorInfo.Parse("CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n").Name.Should().BeNull("a server's kernel gives numbers only");
        ProcessorInfo.Parse(null).Features.Should().BeEmpty();
    }

    [Fact]
    public void Limits_of_a_process()
    {
        ResourceLimits limits = ResourceLimits.Parse(
            "Limit                     Soft Limit           Hard Limit           Units     \n"
            + "Max open files            1024                 524288               files     \n"
            + "Max locked memory         unlimited            unlimited            bytes     \n"
            + "Max nice priority         0                    0                    \n");
        limits["Max open files"].Should().Be(1024);
        limits["Max locked memory"].Should().Be(ResourceLimits.Unlimited);
        limits["Max nice priority"].Should().Be(0);
        limits["Limit"].Should().BeNull();
        ResourceLimits.Parse(null)["Max open files"].Should().BeNull();
    }

    [Theory]
    [InlineData("0.52 0.58 0.59 1/467 12345\n", 0.52)]
    [InlineData("", null)]
    [InlineData("much", null)]
    [InlineData(null, null)]
    public void Load(string? text, double? expected) => LoadAverage.Parse(text).Should().Be(expected);

    [Fact]
    public void Stolen_time()
    {
        ProcessorTicks begin = ProcessorTicks.Parse("cpu  100 0 50 800 10 0 0 40 7 0\ncpu0 1 1 1 1 1 1 1 1\n")!.Value;
        begin.Should().Be(new ProcessorTicks(1000, 40));
        ProcessorTicks end = ProcessorTicks.Parse("cpu 150 0 50 820 10 0 0 70 7 0")!.Value;
        end.StolenShareSince(begin).Should().Be(0.3);
        begin.StolenShareSince(begin).Should().Be(0);
        ProcessorTicks.Parse("cpu 1 2 3\n").Should().BeNull("a kernel before 2.6.11 does not say it");
        ProcessorTicks.Parse("cpu a b c d e f g h\n").Should().BeNull();
        ProcessorTicks.Parse(null).Should().BeNull();
    }

    [Theory]
    [InlineData("0-3,8", new[] { 0, 1, 2, 3, 8 })]
    [InlineData("0", new[] { 0 })]
    [InlineData("", new int[0])]
    [InlineData("5-3,x,-1,0-999999999", new int[0])]
    public void Lists_of_processors(string text, int[] expected) => FrequencyGovernor.Numbers(text).Should().Equal(expected);

    [Theory]
    [InlineData("acpi-cpufreq", "powersave", true)]
    [InlineData("intel_pstate", "powersave", false)]
    [InlineData("acpi-cpufreq", "schedutil", false)]
    public void The_slowest_governor_counts(string driver, string governor, bool isSlow)
    {
        SystemFiles files = MachineTexts.Files(
            ("/sys/devices/system/cpu/online", "0-1\n"),
            ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", $"{governor}\n"),
            ("/sys/devices/system/cpu/cpu1/cpufreq/scaling_driver", $"{driver}\n"));
        FrequencyGovernor.Find(files)!.IsSlow.Should().Be(isSlow);
        FrequencyGovernor.Find(MachineTexts.Nothing).Should().BeNull();
    }

    [Fact]
    public void Kinds_of_containers()
    {
        ContainerHints.Kind(MachineTexts.Files(("/.dockerenv", "")), _ => null).Should().Be("Docker");
        ContainerHints.Kind(MachineTexts.Files(("/run/.containerenv", "")), _ => null).Should().Be("Podman");
        ContainerHints.Kind(MachineTexts.Files(("/proc/self/cgroup", "0::/kubepods.slice/pod\n")), _ => null).Should().Be("Kubernetes");
        ContainerHints.Kind(MachineTexts.Nothing, name => name == "container" ? "systemd-nspawn" : null).Should().Be("systemd-nspawn");
        ContainerHints.Kind(MachineTexts.Nothing, _ => null).Should().BeNull();
        ContainerHints.HasCallFilter(MachineTexts.Files(("/proc/self/status", "Name:\tx\nSeccomp:\t2\n"))).Should().BeTrue();
        ContainerHints.HasCallFilter(MachineTexts.Nothing).Should().BeFalse();
    }

    [Theory]
    [InlineData("always [madvise] never\n", "madvise")]
    [InlineData("madvise", null)]
    [InlineData("]never[", null)]
    [InlineData(null, null)]
    public void A_choice_in_brackets(string? text, string? expected) => SystemFiles.Chosen(text).Should().Be(expected);

    [Fact]
    public void This_machine_is_read_without_an_error()
    {
        SystemFiles.OfMachine.Read("/nowhere/at/all").Should().BeNull();
        SystemFiles.OfMachine.Read("/proc").Should().BeNull("a folder is no file");
    }
}
