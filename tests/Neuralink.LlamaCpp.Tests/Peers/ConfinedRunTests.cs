using Neuralink.Peers;
using Neuralink.Storage;

namespace Neuralink.LlamaCpp.Tests.Peers;

public sealed class ConfinedRunTests
{
    [Fact]
    public void A_command_gets_its_words_as_they_are_and_its_output_is_of_both_streams()
    {
        if (!OperatingSystem.IsLinux())
            return;
        ConfinedRun run = ConfinedRun.Run(
            "echo", ["/bin/sh", "-c", "echo warned >&2; printf '%s|' \"$@\"", "sh", "a b", "it's", "$HOME", "\"q\""], group: null);
        run.Output.Should().Be("warned\na b|it's|$HOME|\"q\"|");
        (run.PeakBytes, run.ReadBytes >= 0, run.MajorFaults >= 0, run.Seconds > 0).Should().Be((null, true, true, true));
    }

    [Fact]
    public void A_command_that_fails_is_named_with_its_code_and_last_line()
    {
        if (!OperatingSystem.IsLinux())
            return;
        FluentActions.Invoking(() => ConfinedRun.Run("peer", ["/bin/sh", "-c", "echo no such model >&2; exit 3"], group: null))
            .Should().Throw<NeuralinkException>().WithMessage("cannot run peer: expected exit code 0, found 3: no such model");
        FluentActions.Invoking(() => ConfinedRun.Run("peer", ["/nowhere/engine"], group: null))
            .Should().Throw<NeuralinkException>().WithMessage("cannot run peer: expected exit code 0, found 127*");
    }

    [Fact]
    public void The_account_of_a_process_has_its_childrens_part()
    {
        string[] lines =
        [
            "rchar: 10", "read_bytes: 8192", "write_bytes: 3",
            "77 (a (b) c) S 1 77 77 0 -1 4194304 100 200 3 4 5 6 7 8 20 0 1 0 0",
        ];
        ConfinedRun.Account(lines).Should().Be((8192, 3 + 4));
    }

    [Fact]
    public void A_limit_is_made_where_the_memory_controller_is()
    {
        string[] version1 =
        [
            "27 1 254:0 / / rw - ext4 /dev/vda rw", "36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
            "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
            "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        ];
        MemoryGroup.Find(version1, ["8:pids:/", "4:memory:/jobs/7", "0::/"]).Should().Be(("/sys/fs/cgroup/memory/jobs/7", true));
        string[] version2 = ["24 18 0:21 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate"];
        MemoryGroup.Find(version2, ["0::/user.slice/session-1.scope"]).Should().Be(("/sys/fs/cgroup/user.slice", false));
        MemoryGroup.Find(version2, ["0::/"]).Should().Be(("/sys/fs/cgroup/", false));
        MemoryGroup.Find([version1[0], "broken line"], []).Should().BeNull();
    }

    [Fact]
    public void A_process_in_a_group_has_a_peak_and_the_group_is_gone_afterwards_or_the_refusal_says_why()
    {
        using MemoryGroup? group = MemoryGroup.TryCreate(64 << 20, out string? refusal);
        if (group is null)
        {
            refusal.Should().NotBeNullOrEmpty();
            return;
        }
        refusal.Should().BeNull();
        ConfinedRun.Run("echo", ["/bin/echo", "here"], group).Output.Should().Be("here\n");
        string folder = Path.GetDirectoryName(group.ProcessesFile)!;
        Directory.Exists(folder).Should().BeTrue();
        group.Dispose();
        Directory.Exists(folder).Should().BeFalse();
    }
}
