using Neuralink.Storage.Pickle;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Pickle;

/// <summary>
/// Whatever is done to a pickled checkpoint, opening it succeeds or says what is wrong; it never fails in another way and never takes much
/// memory.
/// </summary>
public sealed class TorchFuzzTests
{
    // Buffers, exceptions with their stack traces, and one pickle's values; a length taken on faith would be gigabytes.
    private const long AllocatedBytesMax = 2_500_000;
    private const long TensorBytesMax = 1 << 16;

    public static TheoryData<string> Forms => new("zip", "legacy");

    [Theory]
    [MemberData(nameof(Forms))]
    public void Cut_at_any_length(string form)
    {
        using TemporaryFolder folder = new();
        byte[] whole = Small(form);
        for (int length = 0; length < whole.Length; length++)
            Opens(folder, whole[..length]).Should().BeFalse($"{length} of {whole.Length} bytes are not a whole file");
        Opens(folder, whole).Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_bit_of_every_byte_flipped(string form)
    {
        using TemporaryFolder folder = new();
        byte[] whole = Small(form);
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            refused += Opens(folder, bytes) ? 0 : 1;
        }
        refused.Should().BeGreaterThan(whole.Length / 4, "most of such a file is structure");
    }

    [Fact]
    public void Random_bytes_in_the_pickle()
    {
        using TemporaryFolder folder = new();
        Random random = new(12345);
        byte[] pickle = new PickleProgram().StateDict(TorchBytes.SmallParts).Stop();
        for (int round = 0; round < 1000; round++)
        {
            byte[] bytes = [.. pickle];
            for (int change = 0; change < 1 + (round % 4); change++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Opens(folder, TorchBytes.Zip(bytes, ("0", TorchBytes.Shorts(8))));
        }
    }

    private static byte[] Small(string form) => form == "zip" ? TorchBytes.SmallZip : TorchBytes.SmallLegacy;

    private static bool Opens(TemporaryFolder folder, byte[] bytes)
    {
        string path = folder.Write("fuzz.bin", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using TorchFile file = TorchFile.Open(path);
            foreach (TensorInfo tensor in file.Tensors.Values)
                file.Read(tensor, 0, new byte[Math.Min(tensor.LengthBytes, TensorBytesMax)]);
            return true;
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().NotContain("\n");
            return false;
        }
        finally
        {
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(AllocatedBytesMax);
        }
    }
}
