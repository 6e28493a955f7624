using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Profiles;

public sealed class DeviceProfileTests : IDisposable
{
    private static readonly DeviceProfile s_profile = new()
    {
        Format = DeviceProfile.FormatName,
        FormatVersion = DeviceProfile.CurrentVersion,
        Name = "a phone",
        MeasuredWith = "32 reads in flight",
        Reads = [new(4096, 20.5), new(16384, 31), new(65536, 80.25)],
    };

    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("device.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_written_profile_reads_the_same_and_gives_its_curve()
    {
        s_profile.Write(File);
        DeviceProfile read = DeviceProfile.Read(File);
        read.Should().BeEquivalentTo(s_profile);
        ReadCost cost = read.ToReadCost();
        cost.MicrosOf(16384).Should().Be(31);
        cost.Points.Should().Equal(new ReadCostPoint(4096, 20.5), new ReadCostPoint(16384, 31), new ReadCostPoint(65536, 80.25));
        JsonNode.Parse(System.IO.File.ReadAllText(File))!["measured_with"]!.GetValue<string>().Should().Be("32 reads in flight");
    }

    [Fact]
    public void What_only_a_measured_device_has_is_written_where_it_is_known_and_comes_back()
    {
        s_profile.Write(_folder.File("published"));
        System.IO.File.ReadAllText(_folder.File("published")).Should().NotContainAny("volume", "io_method", "queue_depth");
        DeviceVolume volume = new("vm", "/mnt/ssd", "ext4");
        DeviceProfile measured = s_profile with { Volume = volume, IoMethod = "threads", QueueDepth = 32 };
        measured.Write(File);
        DeviceProfile.Read(File).Should().BeEquivalentTo(measured);
        JsonNode written = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        written["volume"]!.AsObject().Select(f => f.Key).Should().Equal("machine", "mount", "file_system");
    }

    [Fact]
    public void A_profile_that_may_replace_a_file_does_and_leaves_nothing_else()
    {
        s_profile.Write(File, replace: true);
        (s_profile with { Name = "another" }).Write(File, replace: true);
        DeviceProfile.Read(File).Name.Should().Be("another");
        Directory.GetFiles(_folder.Path).Should().Equal(File);
        s_profile.Invoking(p => p.Write(_folder.Path, replace: true)).Should().Throw<NeuralinkException>().WithMessage("cannot write *");
    }

    [Fact]
    public void A_profile_replaces_no_file_and_holds_no_nonsense()
    {
        s_profile.Write(File);
        s_profile.Invoking(p => p.Write(File)).Should().Throw<NeuralinkException>().WithMessage("*device.json*");
        (s_profile with { Reads = [] }).Invoking(p => p.Write(_folder.File("other"))).Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData("format", "\"another\"", "\"format\": \"neuralink-device\"", "this file is no device profile")]
    [InlineData("format_version", "2", "format version 1", "found 2; it was written by a newer version of neuralink")]
    [InlineData("name", "null", "a device profile", "name")]
    [InlineData("name", "\"\"", "found an empty name")]
    [InlineData("measured_with", "5", "a device profile", "measured_with")]
    [InlineData("reads", "null", "a device profile", "reads")]
    [InlineData("reads", "[]", "found at least two sizes are needed, there are 0")]
    [InlineData("reads", "[null]", "found a read that is null")]
    [InlineData("depth", "5", "a device profile", "depth")]
    [InlineData("queue_depth", "0", "a queue depth of 1 to 256", "found a queue depth of 0")]
    [InlineData("queue_depth", "257", "found a queue depth of 257")]
    [InlineData("queue_depth", "\"deep\"", "a device profile", "queue_depth")]
    [InlineData("io_method", "\"magic\"", "an I/O method of threads or io_uring", "found the I/O method 'magic'")]
    [InlineData("volume", "5", "a device profile", "volume")]
    [InlineData("volume", """{ "machine": "a", "mount": "/" }""", "a device profile", "file_system")]
    [InlineData("volume", """{ "machine": "a", "mount": "/", "file_system": null }""", "a device profile", "file_system")]
    public void A_field_that_is_not_as_it_must_be(string name, string value, params string[] parts) =>
        ShouldNotReadWith(name, value, parts);

    [Theory]
    [InlineData("""{ "bytes": 4096, "micros": 20 }""", "found at least two sizes are needed, there are 1")]
    [InlineData("""{ "bytes": 0, "micros": 20 }, { "bytes": 4096, "micros": 30 }""", "found a read of 0 bytes")]
    [InlineData("""{ "bytes": 4096, "micros": -1 }, { "bytes": 8192, "micros": 30 }""", "found a read of 4096 bytes costs -1 us")]
    [InlineData("""{ "bytes": 4096, "micros": 1e999 }, { "bytes": 8192, "micros": 30 }""", "reads", "4096")]
    [InlineData("""{ "bytes": 8192, "micros": 20 }, { "bytes": 4096, "micros": 30 }""", "found sizes must ascend, 4096 follows 8192")]
    [InlineData("""{ "bytes": 4096, "micros": 40 }, { "bytes": 8192, "micros": 30 }""", "costs 30 us, less than the 40 us of 4096 bytes")]
    [InlineData("""{ "bytes": 4096, "micros": 40 }, { "bytes": 8192, "micros": 40 }""", "as if bandwidth had no limit")]
    [InlineData("""{ "bytes": 4096 }, { "bytes": 8192, "micros": 40 }""", "micros")]
    [InlineData("""{ "bytes": 4096, "micros": 1, "iops": 5 }, { "bytes": 8192, "micros": 40 }""", "iops")]
    public void Reads_that_make_no_curve(string reads, params string[] parts) => ShouldNotReadWith("reads", $"[{reads}]", parts);

    [Fact]
    public void A_field_that_is_missing_or_there_twice()
    {
        foreach ((string name, JsonNode? _) in Json())
        {
            JsonObject json = Json();
            json.Remove(name);
            ShouldNotRead(json.ToJsonString());
        }
        ShouldNotRead(Json().ToJsonString().Replace("\"name\":", "\"name\":\"x\",\"name\":"), "name");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("not JSON")]
    public void Something_else(string text) => ShouldNotRead(text);

    [Fact]
    public void No_file_or_one_too_long_to_be_a_profile()
    {
        Action read = () => DeviceProfile.Read(File);
        read.Should().Throw<NeuralinkException>().WithMessage("*device.json*expected a device profile, found no such file");
        using (FileStream stream = System.IO.File.Create(File))
            stream.SetLength(17 << 20);
        read.Should().Throw<NeuralinkException>().WithMessage("*found a file of 17 MiB; this file is no device profile");
    }

    [Fact]
    public void Cut_at_every_length_it_is_refused()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Json().ToJsonString());
        for (int length = 0; length < whole.Length; length++)
            ShouldNotRead(Encoding.UTF8.GetString(whole[..length]));
    }

    [Fact]
    public void With_any_byte_damaged_it_is_refused_or_makes_sense()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Json().ToJsonString());
        int refused = 0;
        for (int at = 0; at < whole.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bytes = [.. whole];
                bytes[at] ^= (byte)(1 << bit);
                System.IO.File.WriteAllBytes(File, bytes);
                try
                {
                    _ = DeviceProfile.Read(File).ToReadCost();
                }
                catch (NeuralinkException error)
                {
                    error.Message.Should().Contain(File);
                    refused++;
                }
            }
        }
        refused.Should().BeGreaterThan(whole.Length * 4, "most of a profile is structure");
    }

    private static JsonObject Json() => JsonSerializer.SerializeToNode(s_profile, DeviceProfileJson.Default.DeviceProfile)!.AsObject();

    private void ShouldNotReadWith(string name, string value, string[] parts)
    {
        JsonObject json = Json();
        json[name] = JsonNode.Parse(value);
        ShouldNotRead(json.ToJsonString(), parts);
    }

    private void ShouldNotRead(string text, params string[] parts)
    {
        System.IO.File.WriteAllText(File, text);
        FluentActions.Invoking(() => DeviceProfile.Read(File)).Should().Throw<NeuralinkException>()
            .Which.Message.Should().ContainAll([File, .. parts]).And.NotContain("\n");
    }
}
