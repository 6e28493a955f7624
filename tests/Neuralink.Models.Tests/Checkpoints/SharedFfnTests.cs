using Neuralink.Models.Checkpoints;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Checkpoints;

/// <summary>An FFN that all layers share is found by its weights, and lies on flash once.</summary>
public sealed class SharedFfnTests : IDisposable
{
    private readonly FamilyFolder _folder = new("mobillama");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_on_flash_once()
    {
        using PackedModel packed = new(_folder.Path);
        FlashImage image = FlashImage.Open(packed.Folder);
        (image.LayerCount, image.FfnCount).Should().Be((3, 1));
        new FileInfo(image.NeuronsPath).Length.Should().BeInRange(80L * image.StrideBytes, (80L * image.StrideBytes) + 4096);
    }

    [Theory]
    [InlineData(0f, true)]
    [InlineData(0.001f, false)]
    public void Equal_copies_are_one_and_others_are_not(float difference, bool isShared)
    {
        List<RandomTensor> tensors = [.. _folder.Formula.Tensors];
        foreach (RandomTensor tensor in _folder.Formula.Tensors.Where(t => t.Name.Contains(".0.mlp.", StringComparison.Ordinal)))
        {
            for (int layer = 1; layer < 3; layer++)
            {
                float[] values = [.. tensor.Values];
                values[^1] += layer == 2 ? difference : 0;
                tensors.Add(tensor with { Name = tensor.Name.Replace(".0.", $".{layer}.", StringComparison.Ordinal), Values = values });
            }
        }
        string path = Path.Combine(_folder.Path, "model.safetensors");
        File.Delete(path);
        using (SafetensorsWriter writer = SafetensorsWriter.Create(
            path, [.. tensors.Select(t => new TensorDeclaration(t.Name, t.Dtype, [.. t.Shape]))]))
        {
            foreach (RandomTensor tensor in tensors)
                writer.Write(tensor.Name, tensor.Bytes());
            writer.Complete();
        }
        List<string> notes = [];
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path, notes.Add);
        checkpoint.Config.SharedFfn.Should().Be(isShared);
        notes.Should().BeEmpty();
    }
}
