using System.Buffers.Binary;
using System.Text.Json;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Weights;
using Neuralink.Tests.Support;

namespace Neuralink.Storage.Tests.Pickle;

/// <summary>Every tensor of the pickled checkpoints kept beside the repository has the numbers that were written.</summary>
public sealed class SharedPicklesTests
{
    // A hostile file is refused before anything large is made of it.
    private const long AllocatedBytesMax = 4_000_000;

    private static readonly string s_folder = Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared", "checkpoints", "pickle"));

    public static TheoryData<string> Good => Names(isGood: true);

    public static TheoryData<string> Bad => Names(isGood: false);

    [Theory]
    [MemberData(nameof(Good))]
    public void Tensors_are_as_written(string name)
    {
        if (!Directory.Exists(s_folder))
            return;
        string folder = Path.Combine(s_folder, name);
        using JsonDocument expect = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expect.json")));
        using WeightSet set = WeightSet.Open(folder);
        JsonProperty[] tensors = [.. expect.RootElement.GetProperty("tensors").EnumerateObject()];
        set.Names.Should().BeEquivalentTo(tensors.Select(tensor => tensor.Name));
        foreach ((string tensorName, JsonElement wanted) in tensors.Select(tensor => (tensor.Name, tensor.Value)))
        {
            TensorInfo tensor = set.Get(tensorName);
            tensor.DtypeName.Should().Be(wanted.GetProperty("dtype").GetString());
            tensor.Shape.Should().Equal(wanted.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));
            byte[] bytes = new byte[tensor.LengthBytes];
            set.Read(tensor, 0, bytes);
            double[] values = [.. bytes.Chunk(tensor.Dtype.SizeBytes()).Select(element => Value(tensor.Dtype, element))];
            values.Take(4).Should().Equal(Numbers(wanted, "first"), "of {0}", tensorName);
            values.TakeLast(4).Should().Equal(Numbers(wanted, "last"), "of {0}", tensorName);
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Others_are_opened_or_refused_in_little_memory(string name)
    {
        if (!Directory.Exists(s_folder))
            return;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            WeightSet.Open(Path.Combine(s_folder, name)).Dispose();
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().NotContain("\n").And.Contain("pytorch_model.bin");
        }
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(AllocatedBytesMax);
    }

    private static TheoryData<string> Names(bool isGood) => new(Directory.Exists(s_folder)
        ? Directory.EnumerateDirectories(s_folder).Where(folder => File.Exists(Path.Combine(folder, "expect.json")))
            .Where(folder => File.Exists(Path.Combine(folder, "config.json")) == isGood)
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)
        : ["none is beside this repository"]);

    private static double[] Numbers(JsonElement wanted, string name) =>
        [.. wanted.GetProperty(name).EnumerateArray().Select(number => number.GetDouble())];

    private static double Value(SafetensorsDtype dtype, byte[] element) => dtype switch
    {
        SafetensorsDtype.F16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        SafetensorsDtype.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
        SafetensorsDtype.F32 => BinaryPrimitives.ReadSingleLittleEndian(element),
        SafetensorsDtype.I64 => BinaryPrimitives.ReadInt64LittleEndian(element),
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "No tensor of these checkpoints is of it."),
    };
}
