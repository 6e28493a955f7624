using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Weights;

namespace Neuralink.Storage.Tests.Safetensors;

/// <summary>
/// Whatever is done to a file, opening it succeeds or says what is wrong; it never fails in another way and never takes much memory.
/// </summary>
public sealed class SafetensorsFuzzTests
{
    // Exceptions with their stack traces and one header's parse; a length taken on faith would be gigabytes.
    private const long AllocatedBytesMax = 1_000_000;

    private readonly byte[] _small = SafetensorsBytes.Small;

    [Fact]
    public void Cut_at_any_length()
    {
        using TemporaryFolder folder = new();
        for (int length = 0; length < _small.Length; length++)
            Opens(folder, _small[..length]).Should().BeFalse($"{length} of {_small.Length} bytes are not a whole file");
        Opens(folder, _small).Should().BeTrue();
    }

    [Fact]
    public void Every_bit_of_the_header_flipped()
    {
        using TemporaryFolder folder = new();
        int refused = 0;
        int headerEnd = 8 + SafetensorsBytes.SmallHeader.Length;
        for (int bit = 0; bit < headerEnd * 8; bit++)
        {
            byte[] bytes = [.. _small];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += Opens(folder, bytes) ? 0 : 1;
        }

        refused.Should().BeGreaterThan(headerEnd * 4, "most of a header is structure");
    }

    [Fact]
    public void Random_bytes_in_the_header()
    {
        using TemporaryFolder folder = new();
        Random random = new(12345);
        for (int round = 0; round < 500; round++)
        {
            byte[] bytes = [.. _small];
            for (int change = 0; change < 4; change++)
                bytes[random.Next(8, bytes.Length)] = (byte)random.Next(256);
            Opens(folder, bytes);
        }
    }

    [Fact]
    public void Every_bit_of_an_index_flipped()
    {
        using TemporaryFolder folder = new();
        folder.Write("model-1.safetensors", _small);
        byte[] index = [.. """{"metadata":{},"weight_map":{"a":"model-1.safetensors","b":"model-1.safetensors"}}"""u8];
        for (int bit = 0; bit < index.Length * 8; bit++)
        {
            byte[] bytes = [.. index];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            folder.Write("model.safetensors.index.json", bytes);
            try
            {
                using WeightSet set = WeightSet.Open(folder.Path);
                set.Find("a");
            }
            catch (NeuralinkException error)
            {
                error.Message.Should().NotContain("\n");
            }
        }
    }

    private static bool Opens(TemporaryFolder folder, byte[] bytes)
    {
        string path = folder.Write("fuzz.safetensors", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            foreach (TensorInfo tensor in file.InFileOrder)
                file.Read(tensor, 0, new byte[tensor.LengthBytes]);
            return true;
        }
        catch (NeuralinkException)
        {
            return false;
        }
        finally
        {
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(AllocatedBytesMax);
        }
    }
}
