using Neuralink.Cli.Checkup.Machine;

namespace Neuralink.Cli.Tests.Checkup.Machine;

/// <summary>Limits of control groups as machines and containers of several kinds show them.</summary>
public sealed class ControlGroupTests
{
    private const string UnifiedMount =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    [Fact]
    public void Version_2_on_a_bare_machine_has_no_limit()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/user.slice/user-1000.slice/session-3.scope\n"),
            ("/proc/self/mountinfo", UnifiedMount),
            ("/sys/fs/cgroup/user.slice/user-1000.slice/memory.max", "max\n"),
            ("/sys/fs/cgroup/user.slice/user-1000.slice/memory.high", "max\n"),
            ("/sys/fs/cgroup/user.slice/user-1000.slice/memory.current", "9000000\n"),
            ("/sys/fs/cgroup/user.slice/user-1000.slice/cpu.max", "max 100000\n"));
        GroupMemory.Find(files).Should().BeNull();
        GroupProcessors.Find(files).Should().BeNull();
    }

    [Fact]
    public void The_group_that_leaves_least_counts_though_it_is_further_up()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/a/b\n"),
            ("/proc/self/mountinfo", UnifiedMount),
            ("/sys/fs/cgroup/a/b/memory.max", "8000\n"), ("/sys/fs/cgroup/a/b/memory.current", "1000\n"),
            ("/sys/fs/cgroup/a/memory.max", "6000\n"), ("/sys/fs/cgroup/a/memory.current", "4500\n"),
            ("/sys/fs/cgroup/a/memory.stat", "anon 100\ninactive_file 500\n"),
            ("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"), ("/sys/fs/cgroup/a/cpu.max", "150000 100000\n"));
        GroupMemory.Find(files).Should().Be(new GroupMemory("/sys/fs/cgroup/a/memory.max", 6000, 4000));
        GroupMemory.Find(files)!.LeftBytes.Should().Be(2000);
        GroupProcessors.Find(files).Should().Be(new GroupProcessors("/sys/fs/cgroup/a/cpu.max", 1.5));
    }

    [Fact]
    public void Where_a_process_is_slowed_down_counts_as_a_limit()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/\n"), ("/proc/self/mountinfo", UnifiedMount),
            ("/sys/fs/cgroup/memory.max", "9000\n"), ("/sys/fs/cgroup/memory.high", "7000\n"), ("/sys/fs/cgroup/memory.current", "7500\n"));
        GroupMemory.Find(files)!.File.Should().EndWith("memory.high");
        GroupMemory.Find(files)!.LeftBytes.Should().Be(0);
    }

    [Fact]
    public void Version_1_in_a_container_that_sees_its_own_group_as_the_root()
    {
        const string Id = "/docker/0123abcd";
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", $"5:memory:{Id}\n3:cpu,cpuacct:{Id}\n1:name=systemd:{Id}\n0::/system.slice\n"),
            ("/proc/self/mountinfo",
                $"40 31 0:35 {Id} /sys/fs/cgroup/memory ro,relatime master:16 - cgroup cgroup rw,memory\n"
                + $"41 31 0:36 {Id} /sys/fs/cgroup/cpu,cpuacct ro,relatime master:17 - cgroup cgroup rw,cpu,cpuacct\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n"),
            ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1073741824\n"),
            ("/sys/fs/cgroup/memory/memory.stat", "cache 5\ninactive_file 1\ntotal_inactive_file 536870912\n"),
            ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n"), ("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"));
        GroupMemory.Find(files).Should().Be(new GroupMemory("/sys/fs/cgroup/memory/memory.limit_in_bytes", 2147483648, 536870912));
        GroupProcessors.Find(files).Should().Be(new GroupProcessors("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", 0.5));
    }

    [Fact]
    public void Version_1_without_limits_beside_an_empty_version_2()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "4:memory:/jobs/7\n1:cpu:/\n0::/\n"),
            ("/proc/self/mountinfo",
                "33 31 0:30 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
                + "36 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/memory/jobs/7/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"), ("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"));
        GroupMemory.Find(files).Should().BeNull();
        GroupProcessors.Find(files).Should().BeNull();
    }

    [Fact]
    public void A_group_outside_of_what_a_container_sees_is_looked_for_at_its_root()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/../../kubepods/pod1\n"), ("/proc/self/mountinfo", UnifiedMount),
            ("/sys/fs/cgroup/memory.max", "4096\n"));
        GroupMemory.Find(files).Should().Be(new GroupMemory("/sys/fs/cgroup/memory.max", 4096, 0));
    }

    [Fact]
    public void A_mount_with_a_blank_in_its_name()
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", "0::/x\n"), ("/proc/self/mountinfo", "30 23 0:26 / /my\\040groups rw - cgroup2 none rw\n"),
            ("/my groups/x/memory.max", "77\n"));
        GroupMemory.Find(files)!.LimitBytes.Should().Be(77);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("0::", "30 23 - cgroup2\n- - -\n1 2 3 / /p rw - cgroup2 a rw\n")]
    [InlineData("::::\n:memory:\n", "1 2 3:4 / / rw - cgroup2 a rw\n1 2 3:4 /r /m rw - cgroup x memory")]
    public void What_is_not_understood_limits_nothing(string membership, string mounts)
    {
        SystemFiles files = MachineTexts.Files(
            ("/proc/self/cgroup", membership), ("/proc/self/mountinfo", mounts), ("/memory.max", "-5"), ("/cpu.max", "0 0"),
            ("/m/memory.limit_in_bytes", "99999999999999999999999"));
        GroupMemory.Find(files).Should().BeNull();
        GroupProcessors.Find(files).Should().BeNull();
    }
}
