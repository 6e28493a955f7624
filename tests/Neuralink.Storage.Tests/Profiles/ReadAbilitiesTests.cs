using Neuralink.Storage.Devices;
using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Profiles;

public sealed class ReadAbilitiesTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(AppContext.BaseDirectory, $"abilities-{Guid.NewGuid():n}")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_tried_by_a_temporary_file_that_goes_again()
    {
        ReadAbilities abilities = ReadAbilities.Try(_folder, TimeProvider.System);
        Directory.GetFileSystemEntries(_folder).Should().BeEmpty();
        if (abilities.DirectRefusal is null)
            abilities.AlignmentBytes.Should().BeOneOf(512, 4096);
        else
            abilities.AlignmentBytes.Should().Be(0);
    }

    [Fact]
    public void A_kernel_that_refuses_rings_is_quoted()
    {
        if (!OperatingSystem.IsLinux())
            return;
        ReadAbilities abilities = ReadAbilities.Try(_folder, TimeProvider.System, (uint _, ref UringParameters _) => -LibC.Eperm);
        abilities.UringRefusal.Should().NotBeNullOrEmpty();
        ReadAbilities.Try(_folder, TimeProvider.System, setup: null).UringRefusal.Should().Be("it is a part of Linux");
    }

    [Fact]
    public void What_is_not_there_is_an_error_with_its_name() =>
        FluentActions.Invoking(() => ReadAbilities.Try(Path.Combine(_folder, "nothing"), TimeProvider.System))
            .Should().Throw<NeuralinkException>().WithMessage("*nothing*");
}
