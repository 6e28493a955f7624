using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Profiles;

public sealed class DeviceVolumeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_path_and_all_below_it_are_of_the_volume_that_is_mounted_nearest_above()
    {
        DeviceVolume volume = DeviceVolume.Of(_folder.Path, "vm");
        volume.Machine.Should().Be("vm");
        _folder.Path.Should().StartWith(volume.Mount);
        volume.FileSystem.Should().NotBeEmpty();
        DeviceVolume.Of(_folder.File("not there yet"), "vm").Should().Be(volume);
        DeviceVolume.Of(_folder.Path, "another").Should().NotBe(volume);
    }

    [Fact]
    public void Links_on_the_way_are_followed()
    {
        string target = Directory.CreateDirectory(_folder.File("target")).FullName;
        File.CreateSymbolicLink(_folder.File("absolute"), target);
        File.CreateSymbolicLink(_folder.File("relative"), "absolute");
        File.WriteAllText(Path.Combine(target, "file"), "");
        DeviceVolume.RealPath(_folder.File("relative/file")).Should().Be(DeviceVolume.RealPath(Path.Combine(target, "file")));
        File.CreateSymbolicLink(_folder.File("circle"), "circle");
        DeviceVolume.RealPath(_folder.File("circle/file")).Should().EndWith("file");
    }

    [Fact]
    public void A_file_system_in_memory_is_known_as_such()
    {
        if (!OperatingSystem.IsLinux())
            return;
        DeviceVolume volume = DeviceVolume.Of("/dev/shm", "vm");
        (volume.Mount, volume.FileSystem, volume.IsMemory).Should().Be(("/dev/shm", "tmpfs", true));
        DeviceVolume.Of("/dev/shmoo", "vm").Mount.Should().NotBe("/dev/shm");
        (volume with { FileSystem = "ext4" }).IsMemory.Should().BeFalse();
    }

    [Fact]
    public void Profiles_of_several_volumes_have_several_names_that_do_not_depend_on_the_machine()
    {
        DeviceVolume volume = new("vm", "/mnt/a/b", "ext4");
        DeviceVolume[] volumes =
        [
            volume,
            volume with { FileSystem = "xfs" },
            volume with { Mount = "/mnt/a-b" },
            volume with { Mount = "/" },
            volume with { Mount = $"/{new string('x', 999)}" },
        ];
        volumes.Select(v => v.FileName).Should().OnlyHaveUniqueItems()
            .And.OnlyContain(name => name.Length < 80 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-' || c == '.'));
        volume.FileName.Should().StartWith("device-mnt-a-b-").And.EndWith(".json");
        (volume with { Machine = "another" }).FileName.Should().Be(volume.FileName);
    }
}
