using Neuralink.Models.Tests.Packing;
using Neuralink.Storage;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>
/// A disk without room for the trace. It takes a file system of its own, so it runs on Linux as root, and elsewhere not at all.
/// </summary>
public sealed class FullDiskTraceTests
{
    [SmallDiskTheory]
    [InlineData(16)]
    [InlineData(500)]
    public void A_trace_that_will_not_fit_is_refused_before_anything_is_traced(int kibibytes)
    {
        ActivationTraceInfo info = new()
        {
            ModelDigest = "a",
            ModelName = "m",
            LayerCount = 2,
            NeuronCount = 2048,
            TokenCount = 1000,
            StrideBytes = 512,
            Texts = "t",
            TextsDigest = "b",
        };
        string mount = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        SmallDiskTheoryAttribute.Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", mount).Should().BeTrue();
        try
        {
            FluentActions.Invoking(() => ActivationTraceWriter.Open(Path.Combine(mount, "a.trace"), info))
                .Should().Throw<NeuralinkException>()
                .WithMessage($"cannot write {mount}*free some space*");
            Directory.GetFileSystemEntries(mount).Should().BeEmpty();
        }
        finally
        {
            SmallDiskTheoryAttribute.Run("umount", mount);
            Directory.Delete(mount);
        }
    }
}
