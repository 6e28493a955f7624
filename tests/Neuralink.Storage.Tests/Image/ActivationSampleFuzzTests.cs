using System.Text;
using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>Whatever is done to an activation sample, reading it succeeds or says in one line what is wrong.</summary>
public sealed class ActivationSampleFuzzTests : IDisposable
{
    // One header's parse, two layers and an exception; a size taken on faith would be gigabytes.
    private const long AllocatedBytesMax = 2_000_000;

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _whole;
    private readonly int _dataStart;

    public ActivationSampleFuzzTests()
    {
        ActivationSampleTests.Create(new string('0', 64), layers: 2, neurons: 70).Write(_folder.File("whole"));
        _whole = File.ReadAllBytes(_folder.File("whole"));
        _dataStart = 8 + (int)BitConverter.ToInt64(_whole);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cut_at_any_length()
    {
        for (int length = 0; length < _whole.Length; length += 3)
            Reads(_whole[..length]).Should().BeFalse($"{length} of {_whole.Length} bytes are not a whole sample");
        Reads(_whole).Should().BeTrue();
        Reads([.. _whole, 0]).Should().BeFalse("nothing may follow the data");
    }

    [Fact]
    public void Every_byte_of_the_header_damaged()
    {
        int refused = 0;
        for (int at = 0; at < _dataStart; at++)
        {
            byte[] bytes = [.. _whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            refused += Reads(bytes) ? 0 : 1;
        }
        refused.Should().BeGreaterThan(_dataStart / 2, "most of a header is structure; digests and texts may be anything");
    }

    [Theory]
    [InlineData("\"traced_tokens\":\"40\"", "\"traced_tokens\":\"02\"", "counts")]
    [InlineData("\"sampled_tokens\":\"3\"", "\"sampled_tokens\":\"4\"", "fired")]
    [InlineData("\"sampled_tokens\":\"3\"", "\"sampled_tokens\":\"0\"", "sampled_tokens")]
    [InlineData("\"layer_count\":\"2\"", "\"layer_count\":\"3\"", "6 tensors")]
    [InlineData("\"neuron_count\":\"70\"", "\"neuron_count\":\"71\"", "counts")]
    [InlineData("\"format_version\":\"1\"", "\"format_version\":\"9\"", "format version 1")]
    [InlineData("neuralink-firing-sample", "neuralink-firing-simple", "an activation sample")]
    public void Metadata_that_contradict_the_data(string what, string by, string expected)
    {
        string text = Encoding.Latin1.GetString(_whole);
        text.Should().Contain(what);
        string path = _folder.Write("fuzz", Encoding.Latin1.GetBytes(text.Replace(what, by, StringComparison.Ordinal)));
        path.Invoking(ActivationSample.Open).Should().Throw<NeuralinkException>().WithMessage($"*{expected}*");
    }

    [Fact]
    public void Bits_beyond_the_last_neuron_and_counts_beyond_the_last_token()
    {
        // Tensors follow one another: 70 counts, then three rows of two words.
        byte[] bytes = [.. _whole];
        bytes[_dataStart + (70 * 4) + 8] |= 1 << 7;
        Reads(bytes).Should().BeFalse("neuron 71 does not exist");
        bytes = [.. _whole];
        bytes[_dataStart + 3] = 0x80;
        Reads(bytes).Should().BeFalse("a negative count");
    }

    [Fact]
    public void Random_bytes_anywhere()
    {
        Random random = new(12345);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = [.. _whole];
            for (int change = 0; change < 4; change++)
                bytes[random.Next(8, bytes.Length)] = (byte)random.Next(256);
            Reads(bytes);
        }
    }

    private bool Reads(byte[] bytes)
    {
        string path = _folder.Write("fuzz", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ActivationSample.Open(path).Layers.Should().HaveCount(2);
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
