using Neuralink.Cli.Checkup;
using Neuralink.Cli.Checkup.Checks;
using Neuralink.Cli.Checkup.Machine;
using Neuralink.Cli.Tests.Checkup.Machine;
using Neuralink.Storage.Profiles;

namespace Neuralink.Cli.Tests.Checkup.Checks;

/// <summary>What is made of what machines say.</summary>
public sealed class ChecksTests
{
    private static readonly ProcessorInfo s_cascadeLake = new("Xeon", Set("sse2", "avx2", "fma", "avx512f", "avx512bw"));

    [Fact]
    public void Wide_vectors_that_the_runtime_avoids_are_named_with_what_to_try()
    {
        Finding finding = ProcessorChecks.Vectors(
            s_cascadeLake, new VectorChoice(256, 512, AvoidsWide: true, ["avx2", "fma", "avx512f", "avx512bw"]));
        finding.State.Should().Be(FindingState.Note);
        finding.Value.Should().ContainAll("256 bits", "sketches in 512", "avx512f is there");
        finding.Advice.Should().Contain("DOTNET_PreferredVectorBitWidth=512");
        finding.Metrics.Should().Contain("weight_bits", 256);
    }

    [Fact]
    public void Vectors_that_a_setting_has_turned_off_are_named()
    {
        Finding finding = ProcessorChecks.Vectors(s_cascadeLake, new VectorChoice(256, 256, AvoidsWide: false, ["avx2", "fma"]));
        finding.Value.Should().Contain("also has avx512f, avx512bw");
        finding.Advice.Should().Contain("DOTNET_EnableHWIntrinsic");
    }

    [Fact]
    public void The_widest_vectors_that_there_are_need_no_word()
    {
        ProcessorChecks.Vectors(new ProcessorInfo("Pi", Set("asimd", "asimddp")), new VectorChoice(128, 128, false, ["asimd", "asimddp"]))
            .State.Should().Be(FindingState.Good);
        ProcessorChecks.Vectors(new ProcessorInfo("old", Set("sse2")), new VectorChoice(128, 128, false, []))
            .Value.Should().Contain("no avx2");
    }

    [Fact]
    public void How_f16_is_widened_follows_from_what_subnormal_numbers_cost()
    {
        ProcessorChecks.Subnormals(1.5, multiplies: true).Value.Should().ContainAll("1.5 times", "by a multiplication");
        Finding slow = ProcessorChecks.Subnormals(31, multiplies: false);
        slow.Value.Should().ContainAll("31.0 times", "by integer operations");
        slow.Metrics.Should().Contain("subnormal_cost", 31);
    }

    [Fact]
    public void A_limit_of_processors_says_how_many_threads_suit_it()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", "1 2 3:4 / /g rw - cgroup2 a rw\n"), ("/g/cpu.max", "250000 100000"));
        ProcessorChecks.Limit(files, 8).Should().Match<Finding>(f => f.State == FindingState.Note && f.Advice!.Contains("--threads 2"));
        ProcessorChecks.Limit(files, 2).State.Should().Be(FindingState.Good);
        ProcessorChecks.Limit(MachineTexts.Nothing, 2).Value.Should().Be("none");
    }

    [Fact]
    public void A_limit_of_memory_is_worth_a_note_where_it_is_below_what_the_machine_has()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", "1 2 3:4 / /g rw - cgroup2 a rw\n"), ("/g/memory.max", "1073741824"));
        MemoryChecks.Limit(files, new MemoryInfo(8L << 30, 7L << 30, 0)).Should().Match<Finding>(
            f => f.State == FindingState.Note && f.Value.Contains("1 GiB of 1 GiB left, by /g/memory.max"));
        MemoryChecks.Limit(files, new MemoryInfo(1 << 30, 1 << 29, 0)).State.Should().Be(FindingState.Good);
        MemoryChecks.LeftBytes(files).Should().BeLessThanOrEqualTo(1 << 30);
    }

    [Fact]
    public void Memory_that_is_nearly_used_up() =>
        MemoryChecks.Room(new MemoryInfo(8L << 30, 1L << 30, 1L << 30)).Should().Match<Finding>(
            f => f.State == FindingState.Note && f.Value == "1 GiB of 8 GiB available, 1 GiB of swap");

    [Fact]
    public void Limits_of_a_process_that_are_too_low()
    {
        ResourceLimits limits = ResourceLimits.Parse("Max locked memory  65536  65536  bytes\nMax open files  256  256  files\n");
        MemoryChecks.Locking(limits).Should().Match<Finding>(f => f.State == FindingState.Note && f.Value.StartsWith("64 KiB"));
        MemoryChecks.OpenFiles(limits).Advice.Should().Contain("ulimit -n 1024");
        MemoryChecks.Pages(MachineTexts.Files(("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]")))
            .Advice.Should().Contain("echo madvise");
    }

    [Fact]
    public void Where_nothing_is_said_that_is_said()
    {
        ResourceLimits none = ResourceLimits.Parse(null);
        foreach (Finding finding in (Finding[])[
            MemoryChecks.Locking(none), MemoryChecks.OpenFiles(none), MemoryChecks.Pages(MachineTexts.Nothing), LoadChecks.Load(null, 2),
            LoadChecks.Steal(null, null)])
        {
            finding.State.Should().Be(FindingState.Note);
            finding.Value.Should().StartWith("not known: /").And.EndWith("cannot be read");
        }
    }

    [Fact]
    public void Other_load_and_stolen_time()
    {
        LoadChecks.Load(1.4, 2).State.Should().Be(FindingState.Note);
        LoadChecks.Load(0.4, 2).Value.Should().Be("0.4 threads wanted 2 processors in the last minute");
        LoadChecks.Steal(new ProcessorTicks(0, 0), new ProcessorTicks(100, 10)).Should().Match<Finding>(
            f => f.State == FindingState.Note && f.Value.StartsWith("10.0%"));
    }

    [Fact]
    public void Ways_to_read_that_do_not_work_come_with_their_reason()
    {
        ReadAbilities none = new("the file system does not do direct reads", 0, "Operation not permitted");
        DeviceChecks.Direct(none).Value.Should().Be("do not work: the file system does not do direct reads");
        DeviceChecks.Uring(none, MachineTexts.Files(("/proc/sys/kernel/io_uring_disabled", "2\n"))).Advice
            .Should().Contain("sysctl kernel.io_uring_disabled=0");
        DeviceChecks.Uring(none, MachineTexts.Files(("/proc/self/status", "Seccomp:\t2\n"))).Advice.Should().Contain("seccomp");
        DeviceChecks.Uring(none, MachineTexts.Nothing).Advice.Should().Contain("reads go by threads");
        DeviceChecks.Direct(new ReadAbilities(null, 512, null)).Value.Should().Be("work, in multiples of 512 bytes");
    }

    private static HashSet<string> Set(params string[] words) => [.. words];
}
