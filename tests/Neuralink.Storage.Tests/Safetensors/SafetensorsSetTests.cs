using System.Text;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Safetensors;

public sealed class SafetensorsSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_file_is_a_set()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Small);
        using SafetensorsSet set = SafetensorsSet.Open(_folder.Path);

        set.Names.Should().BeEquivalentTo("a", "b");
        Bytes(set, "b").Should().Equal(17, 18, 19);
        set.Find("c").Should().BeNull();
        set.Invoking(it => it.Get("c")).Should().Throw<NeuralinkException>().WithMessage("*a tensor 'c'*");
    }

    [Fact]
    public void Shards_are_one_lookup()
    {
        Shard("model-1.safetensors", "x", 1);
        Shard("model-2.safetensors", "y", 2);
        Index("""{"metadata":{"total_size":4},"weight_map":{"x":"model-1.safetensors","y":"model-2.safetensors"}}""");
        using SafetensorsSet set = SafetensorsSet.Open(_folder.Path);

        set.Names.Should().BeEquivalentTo("x", "y");
        Bytes(set, "x").Should().Equal(1, 1);
        Bytes(set, "y").Should().Equal(2, 2);
    }

    [Theory]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","y":"model-3.safetensors"}}""", "*model-3.safetensors*")]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","z":"model-2.safetensors"}}""", "*tensor 'z' in model-2.safetensors*no shard*")]
    [InlineData("""{"weight_map":{"x":"model-2.safetensors","y":"model-1.safetensors"}}""", "*tensor 'x' in model-2.safetensors*model-1*")]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","w":"again.safetensors"}}""", "*tensor 'x' in one shard*again.safetensors*")]
    [InlineData("""{"weight_map":{"x":"../model-1.safetensors"}}""", "*plain name*")]
    [InlineData("""{"weight_map":{"x":"C:model-1.safetensors"}}""", "*plain name*")]
    [InlineData("""{"weight_map":{"x":"a\\model-1.safetensors"}}""", "*plain name*")]
    [InlineData("""{"weight_map":{"x":"model-1.bin"}}""", "*plain name*")]
    [InlineData("""{"weight_map":{"x":7}}""", "*plain name*")]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","x":"model-2.safetensors"}}""", "*\"x\" twice*")]
    [InlineData("""{"weight_map":{}}""", "*empty*")]
    [InlineData("""{"weight_map":[]}""", "*weight_map*")]
    [InlineData("[]", "*a JSON array*")]
    [InlineData("{", "*JSON*")]
    public void An_index_that_contradicts_the_shards_is_refused(string index, string message)
    {
        Shard("model-1.safetensors", "x", 1);
        Shard("model-2.safetensors", "y", 2);
        Shard("again.safetensors", "x", 3);
        Index(index);

        FluentActions.Invoking(() => SafetensorsSet.Open(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void A_folder_without_weights_is_refused()
    {
        FluentActions.Invoking(() => SafetensorsSet.Open(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage("*found no such file*");
        FluentActions.Invoking(() => SafetensorsSet.Open(_folder.File("none"))).Should().Throw<NeuralinkException>().WithMessage("*no such folder*");
    }

    private static byte[] Bytes(SafetensorsSet set, string name)
    {
        byte[] bytes = new byte[set.Get(name).LengthBytes];
        set.Read(set.Get(name), 0, bytes);
        return bytes;
    }

    private void Shard(string file, string tensor, byte value) =>
        _folder.Write(file, SafetensorsBytes.File($"{{{SafetensorsBytes.Tensor(tensor, "F16", "[1]", "[0,2]")}}}", [value, value]));

    private void Index(string json) => _folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(json));
}
