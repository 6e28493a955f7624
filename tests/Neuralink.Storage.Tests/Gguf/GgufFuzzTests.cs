using Neuralink.Storage.Gguf;

namespace Neuralink.Storage.Tests.Gguf;

/// <summary>
/// Whatever is done to a file, opening it succeeds or says what is wrong; it never fails in another way and never takes much memory.
/// </summary>
public sealed class GgufFuzzTests : IDisposable
{
    // The reader's buffer, exceptions with their stack traces and one parse; a length taken on faith would be gigabytes.
    private const long AllocatedBytesMax = 1_000_000;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _small = GgufBytes.Small();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cut_at_any_length()
    {
        for (int length = 0; length < _small.Length; length++)
            Opens(_small[..length]).Should().BeFalse($"{length} of {_small.Length} bytes are not a whole file");
        Opens(_small).Should().BeTrue();
    }

    [Fact]
    public void Every_bit_of_the_head_flipped()
    {
        int headBytes = _small.Length - 66, refused = 0;
        for (int bit = 0; bit < headBytes * 8; bit++)
        {
            byte[] bytes = [.. _small];
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            refused += Opens(bytes) ? 0 : 1;
        }
        refused.Should().BeGreaterThan(headBytes * 4, "most of a head is structure");
    }

    [Fact]
    public void Random_bytes_and_numbers_in_the_head()
    {
        Random random = new(12345);
        ulong[] absurd = [ulong.MaxValue, 1UL << 63, 1UL << 61, 1UL << 32, 0];
        for (int round = 0; round < 500; round++)
        {
            byte[] bytes = [.. _small];
            for (int change = 0; change < 3; change++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            BitConverter.TryWriteBytes(bytes.AsSpan(random.Next(bytes.Length - 8)), absurd[round % absurd.Length]);
            Opens(bytes);
        }
    }

    private bool Opens(byte[] bytes)
    {
        string path = _folder.Write("fuzz.gguf", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using GgufFile file = GgufFile.Open(path);
            foreach (GgufTensor tensor in file.InFileOrder)
                file.Read(tensor, 0, new byte[tensor.LengthBytes]);
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
