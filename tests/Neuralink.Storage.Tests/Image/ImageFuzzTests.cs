using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>Whatever happens to an image's bytes, opening and verifying it succeeds unchanged or says what is wrong.</summary>
public sealed class ImageFuzzTests : IDisposable
{
    private readonly SmallImage _image = new();

    public static TheoryData<string> FileNames => FlashImageTests.FileNames;

    public void Dispose() => _image.Dispose();

    [Fact]
    public void The_manifest_cut_at_every_length()
    {
        byte[] whole = _image.Files[ImageManifest.FileName];
        for (int length = 0; length < whole.Length; length++)
        {
            _image.Write(ImageManifest.FileName, whole[..length]);
            Opens().Should().BeFalse($"{length} of {whole.Length} bytes are not a whole manifest");
        }
    }

    [Fact]
    public void Every_byte_of_the_manifest_damaged()
    {
        byte[] whole = _image.Files[ImageManifest.FileName];
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            foreach (byte mask in (byte[])[0x01, 0x80])
            {
                byte[] bytes = [.. whole];
                bytes[at] ^= mask;
                _image.Write(ImageManifest.FileName, bytes);
                refused += Opens() ? 0 : 1;
            }
        }
        refused.Should().BeGreaterThan(whole.Length, "most of a manifest is structure, lengths and digests");
    }

    [Theory]
    [MemberData(nameof(FileNames))]
    public void Every_damaged_byte_of_a_file_is_found(string name)
    {
        byte[] whole = _image.Files[name];
        // No divisor of the stride: every place of a bundle comes up.
        int step = whole.Length > 4000 ? 31 : whole.Length > 1000 ? 5 : 1;
        for (int at = 0; at < whole.Length; at += step)
        {
            byte[] bytes = [.. whole];
            bytes[at] ^= (byte)(1 << (at % 8));
            _image.Write(name, bytes);
            Opens().Should().BeFalse("byte {0} of {1} is damaged", at, name);
        }
    }

    [Theory]
    [MemberData(nameof(FileNames))]
    public void Random_bytes_over_a_file_are_found(string name)
    {
        Random random = new(12345);
        for (int round = 0; round < 100; round++)
        {
            byte[] bytes = [.. _image.Files[name]];
            int at = random.Next(bytes.Length), count = random.Next(1, Math.Min(64, bytes.Length - at + 1));
            random.NextBytes(bytes.AsSpan(at, count));
            _image.Write(name, bytes);
            Opens().Should().Be(bytes.AsSpan().SequenceEqual(_image.Files[name]));
        }
    }

    private bool Opens()
    {
        try
        {
            _image.Check();
            return true;
        }
        catch (NeuralinkException error)
        {
            error.Message.Should().Contain(_image.Folder);
            return false;
        }
    }
}
