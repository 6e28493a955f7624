using Neuralink.Placement;
using Neuralink.Storage.Traces;

namespace Neuralink.Storage.Tests.Traces;

/// <summary>Whatever is done to a trace, reading it succeeds or says in one line what is wrong.</summary>
public sealed class ActivationTraceFuzzTests : IDisposable
{
    // One header's parse, two layers and an exception; a size taken on faith would be gigabytes.
    private const long AllocatedBytesMax = 2_000_000;

    private readonly TemporaryFolder _folder = new();
    private byte[] _whole = [];
    private int _headerEnd;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cut_at_any_length(bool inputs)
    {
        Create(inputs);
        for (int length = 0; length < _whole.Length; length += length is < 16 or > 4088 ? 1 : 13)
            Reads(_whole[..length]).Should().BeFalse($"{length} of {_whole.Length} bytes are not a whole trace");
        Reads(_whole).Should().BeTrue();
        Reads([.. _whole, 0]).Should().BeFalse("nothing may follow the data");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_byte_of_the_header_damaged(bool inputs)
    {
        Create(inputs);
        int refused = 0;
        for (int at = 0; at < _headerEnd; at++)
        {
            byte[] bytes = [.. _whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            refused += Reads(bytes) ? 0 : 1;
        }
        refused.Should().BeGreaterThan(_headerEnd / 2, "most of a header is structure; digests and texts may be anything");
    }

    [Fact]
    public void Every_padding_bit_set()
    {
        Create(inputs: false);
        for (int row = 0; row < 18; row++)
        {
            for (int bit = 70 + (row % 3); bit < 128; bit += 3)
            {
                byte[] bytes = [.. _whole];
                bytes[4096 + (row * 16) + (bit / 8)] ^= (byte)(1 << (bit % 8));
                Reads(bytes).Should().BeFalse("row {0} has bit {1}", row, bit);
            }
        }
    }

    [Fact]
    public void Every_input_made_infinite()
    {
        Create(inputs: true);
        for (int value = 0; value < 2 * 9 * 5; value++)
        {
            byte[] bytes = [.. _whole];
            bytes[4096 + (18 * 16) + (value * 2) + 1] |= 0x7C;
            Reads(bytes).Should().BeFalse("value {0} has an exponent of ones", value);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Random_bytes_in_the_header(bool inputs)
    {
        Create(inputs);
        Random random = new(12345);
        for (int round = 0; round < 200; round++)
        {
            byte[] bytes = [.. _whole];
            for (int change = 0; change < 4; change++)
                bytes[random.Next(8, _headerEnd)] = (byte)random.Next(256);
            Reads(bytes);
        }
    }

    private void Create(bool inputs)
    {
        SmallTrace.Create(_folder.File("whole.trace"), inputs ? SmallTrace.InfoWithInputs : SmallTrace.Info);
        _whole = File.ReadAllBytes(_folder.File("whole.trace"));
        _headerEnd = Array.LastIndexOf(_whole, (byte)'}', 4095) + 1;
    }

    private bool Reads(byte[] bytes)
    {
        string path = _folder.Write("fuzz.trace", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using ActivationTrace trace = ActivationTrace.Open(path);
            for (int layer = 0; layer < trace.Info.LayerCount; layer++)
            {
                trace.Layer(new LayerIndex(layer)).TokenCount.Should().Be(trace.Info.TokenCount);
                if (trace.Info.InputSize is { } size)
                    trace.ReadInputs(new LayerIndex(layer), 0, new Half[trace.Info.TokenCount * size]);
            }
            return true;
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain(path);
            return false;
        }
        finally
        {
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(AllocatedBytesMax);
        }
    }
}
