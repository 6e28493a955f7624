using Neuralink.Storage.Tests.Pickle;
using Neuralink.Storage.Tests.Safetensors;
using System.Text;
using Neuralink.Storage.Weights;

namespace Neuralink.Storage.Tests.Weights;

public sealed class WeightSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _notes = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_file_is_a_set()
    {
        _folder.Write("model.safetensors", SafetensorsBytes.Small);
        using WeightSet set = WeightSet.Open(_folder.Path);

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
        using WeightSet set = WeightSet.Open(_folder.Path);

        set.Names.Should().BeEquivalentTo("x", "y");
        Bytes(set, "x").Should().Equal(1, 1);
        Bytes(set, "y").Should().Equal(2, 2);
    }

    [Theory]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","y":"model-3.safetensors"}}""", "*2 shards*no model-3.safetensors*")]
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

        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
    }

    [Fact]
    public void A_folder_without_weights_is_refused()
    {
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*found no such file*");
        FluentActions.Invoking(() => WeightSet.Open(_folder.File("none"))).Should().Throw<NeuralinkException>()
            .WithMessage("*no such folder*");
    }

    [Theory]
    [InlineData("""{"weight_map":{"x":"model-1.safetensors","z":"model-2.safetensors"}}""", "z", "*'z' in model-2.safetensors*no shard*")]
    [InlineData("""{"weight_map":{"x":"model-2.safetensors","y":"model-2.safetensors"}}""", "x", "*tensor 'x' in model-2.safetensors*")]
    public void A_tensor_that_is_not_where_the_index_says_is_refused_if_somebody_wants_it(string index, string tensor, string message)
    {
        Shard("model-1.safetensors", "x", 1);
        Shard("model-2.safetensors", "y", 2);
        Index(index);
        using WeightSet set = WeightSet.Open(_folder.Path);
        Bytes(set, "y").Should().Equal(2, 2);
        set.Invoking(it => it.Find(tensor)).Should().Throw<NeuralinkException>().WithMessage(message);
        set.MisplacedNames.Should().Equal(tensor);
        set.Names.Should().NotContain(tensor);
    }

    [Fact]
    public void The_index_says_in_which_shard_a_tensor_counts()
    {
        Shard("model-1.safetensors", "x", 1);
        Shard("model-2.safetensors", "x", 2);
        Index("""{"weight_map":{"x":"model-2.safetensors"}}""");
        using (WeightSet set = WeightSet.Open(_folder.Path))
            Bytes(set, "x").Should().Equal(2, 2);
        Write("model-1.safetensors", ("x", 1), ("y", 3));
        Index("""{"weight_map":{"x":"model-2.safetensors","y":"model-1.safetensors"}}""");
        using (WeightSet set = WeightSet.Open(_folder.Path))
            (Bytes(set, "x")[0], Bytes(set, "y")[0]).Should().Be((2, 3));
    }

    [Fact]
    public void A_tensor_that_the_index_does_not_list_counts_if_one_shard_has_it()
    {
        Write("model-1.safetensors", ("a", 1), ("x", 2), ("y", 3));
        Write("model-2.safetensors", ("b", 4), ("x", 5));
        Index("""{"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}}""");
        using WeightSet set = WeightSet.Open(_folder.Path);
        Bytes(set, "y").Should().Equal(3, 3);
        set.Invoking(it => it.Find("x")).Should().Throw<NeuralinkException>()
            .WithMessage("*'x' in one shard*model-1.safetensors and in model-2.safetensors*");
    }

    [Fact]
    public void An_index_may_name_the_single_file()
    {
        Write("model.safetensors", ("x", 1), ("y", 2));
        Index("""{"weight_map":{"x":"model.safetensors","y":"model.safetensors"}}""");
        using WeightSet set = WeightSet.Open(_folder.Path, _notes.Add);
        Bytes(set, "y").Should().Equal(2, 2);
        _notes.Should().BeEmpty();
    }

    [Fact]
    public void Shards_without_index_are_read_by_their_names_if_all_are_there()
    {
        Shard("model-00001-of-00002.safetensors", "x", 1);
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*index.json and all 2 shards that the name of model-00001-of-00002.safetensors counts*no shard 2*");
        Shard("model-00002-of-00002.safetensors", "y", 2);
        _folder.Write("._model-00001-of-00002.safetensors", [0, 5, 0x16, 7]);
        using (WeightSet set = WeightSet.Open(_folder.Path, _notes.Add))
            (Bytes(set, "x")[0], Bytes(set, "y")[0]).Should().Be((1, 2));
        _notes.Should().ContainSingle().Which.Should().Contain("index.json is not there").And.Contain("2 shards");
        Shard("model-00001-of-00003.safetensors", "x", 1);
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*some of 2, 3 shards*");
    }

    [Fact]
    public void Of_one_file_and_shards_the_whole_set_is_read_and_the_other_is_mentioned()
    {
        Shard("model.safetensors", "x", 9);
        Shard("model-1.safetensors", "x", 1);
        Index("""{"weight_map":{"x":"model-1.safetensors","y":"model-2.safetensors"}}""");
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*both, and neither whole: no model-2.safetensors, and 1 tensors less in model.safetensors*");

        Shard("model-2.safetensors", "y", 2);
        Opened("x").Should().Be(1);
        _notes.Should().ContainSingle().Which.Should().Contain("model.safetensors lacks 1 tensors").And.Contain("was not read");

        Write("model.safetensors", ("x", 9), ("y", 8));
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*either model.safetensors or the shards of model.safetensors.index.json*both whole*");

        File.Delete(_folder.File("model-1.safetensors"));
        _notes.Clear();
        Opened("y").Should().Be(8);
        _notes.Should().ContainSingle().Which.Should().Contain("shards that are not there (model-1.safetensors)");

        byte Opened(string tensor)
        {
            using WeightSet set = WeightSet.Open(_folder.Path, _notes.Add);
            return Bytes(set, tensor)[0];
        }
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "*Git LFS pointer*git lfs pull*")]
    [InlineData("<!DOCTYPE html>", "*HTML*")]
    [InlineData("GGUF\x3\0\0\0", "*GGUF*")]
    [InlineData("PK\x3\x4\x14\0\0\0archive/data.pkl", "*PyTorch checkpoint (zip)*")]
    [InlineData("{\"error\": \"no such model\"}", "*model.safetensors*JSON*no such model*")]
    public void What_is_not_safetensors_is_named(string content, string message)
    {
        _folder.Write("model.safetensors", Encoding.UTF8.GetBytes(content));
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage(message);
        File.Move(_folder.File("model.safetensors"), _folder.File("model-1.safetensors"));
        Index("""{"weight_map":{"x":"model-1.safetensors"}}""");
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage(message.Replace("model.safetensors", "model-1.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_both_forms_are_there_safetensors_are_read_if_they_are_whole()
    {
        _folder.Write("pytorch_model.bin", TorchBytes.SmallZip);
        using (WeightSet torch = WeightSet.Open(_folder.Path, _notes.Add))
            torch.Names.Should().BeEquivalentTo("a", "t");
        _folder.Write("model.safetensors", SafetensorsBytes.Small);
        using (WeightSet both = WeightSet.Open(_folder.Path, _notes.Add))
            both.Names.Should().BeEquivalentTo("a", "b");
        _notes.Should().BeEmpty();
        _folder.Write("model.safetensors", SafetensorsBytes.Small[..^1]);
        using (WeightSet cut = WeightSet.Open(_folder.Path, _notes.Add))
            cut.Names.Should().BeEquivalentTo("a", "t");
        _notes.Should().ContainSingle().Which.Should().ContainAll("model.safetensors", "pytorch_model.bin or its shards were read");
        _folder.Write("pytorch_model.bin", TorchBytes.SmallZip[..^1]);
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>().WithMessage("*model.safetensors*");
    }

    [Fact]
    public void Shards_of_a_pickled_checkpoint_are_one_lookup()
    {
        _folder.Write("pytorch_model-00001-of-00002.bin", TorchBytes.SmallZip);
        _folder.Write("pytorch_model-00002-of-00002.bin", TorchBytes.Zip(
            new PickleProgram().StateDict([new TorchPart("z", "Short", "0", 2, [2])]).Stop(), ("0", TorchBytes.Shorts(2))));
        using (WeightSet counted = WeightSet.Open(_folder.Path, _notes.Add))
            counted.Names.Should().BeEquivalentTo("a", "t", "z");
        _notes.Should().ContainSingle().Which.Should().Contain("pytorch_model.bin.index.json is not there");
        string map = """{"weight_map":{"a":"pytorch_model-00001-of-00002.bin","z":"pytorch_model-00002-of-00002.bin"}}""";
        _folder.Write("pytorch_model.bin.index.json", Encoding.UTF8.GetBytes(map));
        using (WeightSet listed = WeightSet.Open(_folder.Path))
            Bytes(listed, "z").Should().Equal(0, 0, 1, 0);
        File.Delete(_folder.File("pytorch_model-00002-of-00002.bin"));
        FluentActions.Invoking(() => WeightSet.Open(_folder.Path)).Should().Throw<NeuralinkException>()
            .WithMessage("*no pytorch_model-00002-of-00002.bin*download was not finished*");
    }

    private static byte[] Bytes(WeightSet set, string name)
    {
        byte[] bytes = new byte[set.Get(name).LengthBytes];
        set.Read(set.Get(name), 0, bytes);
        return bytes;
    }

    private void Shard(string file, string tensor, byte value) => Write(file, (tensor, value));

    private void Write(string file, params (string Name, byte Value)[] tensors)
    {
        IEnumerable<string> entries = tensors.Select((t, i) => SafetensorsBytes.Tensor(t.Name, "F16", "[1]", $"[{2 * i},{(2 * i) + 2}]"));
        string header = string.Join(",", entries);
        _folder.Write(file, SafetensorsBytes.File($"{{{header}}}", [.. tensors.SelectMany(t => new[] { t.Value, t.Value })]));
    }

    private void Index(string json) => _folder.Write("model.safetensors.index.json", Encoding.UTF8.GetBytes(json));
}
