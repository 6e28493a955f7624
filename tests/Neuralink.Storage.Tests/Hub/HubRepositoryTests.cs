using System.Text;
using Neuralink.Storage.Hub;
using Neuralink.Tests.Support.Hub;

namespace Neuralink.Storage.Tests.Hub;

/// <summary>
/// Files come from the Hub whole and checked, whatever breaks on the way, and lie where Hugging Face's programs look for them.
/// </summary>
public sealed class HubRepositoryTests : IDisposable
{
    private const string Large = "model.safetensors", Small = "config.json";

    private readonly TemporaryFolder _folder = new();
    private readonly HubStub _hub = new();
    private readonly List<string> _notes = [];
    private string? _token;

    public HubRepositoryTests()
    {
        byte[] large = new byte[3_000_000];
        new Random(1).NextBytes(large);
        _hub.Files[Large] = large;
        _hub.Files[Small] = [.. "{}"u8];
    }

    private string Blobs => Path.Combine(_folder.Path, "models--ORG--model", "blobs");

    private string Partial => Path.Combine(Blobs, $"{HubStub.EtagOf(_hub.Files[Large])}.incomplete");

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_cache_is_laid_out_as_Hugging_Face_has_it()
    {
        string snapshot = await FetchAsync(Large, Small);
        snapshot.Should().Be(Path.Combine(_folder.Path, "models--ORG--model", "snapshots", HubStub.Commit));
        foreach (string name in (string[])[Large, Small])
        {
            File.ReadAllBytes(Path.Combine(snapshot, name)).Should().Equal(_hub.Files[name]);
            string blob = Path.Combine(Blobs, HubStub.EtagOf(_hub.Files[name]));
            File.ReadAllBytes(blob).Should().Equal(_hub.Files[name]);
            if (!OperatingSystem.IsWindows())
                File.ResolveLinkTarget(Path.Combine(snapshot, name), returnFinalTarget: false)!.FullName.Should().Be(blob);
        }
        File.ReadAllText(Path.Combine(_folder.Path, "models--ORG--model", "refs", "main")).Should().Be(HubStub.Commit);
        Directory.GetFiles(Blobs).Should().HaveCount(2, "nothing unfinished is left");
        using HubRepository repository = Open();
        repository.FindSnapshot().Should().Be(snapshot);
        int requests = _hub.StoreRequests.Count;
        await FetchAsync(Large);
        _hub.StoreRequests.Should().HaveCount(requests, "what is there is not fetched again");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_gone_on_with_where_it_broke()
    {
        int breaks = 3;
        _hub.Instead = request => request.Target.Contains("signature", StringComparison.Ordinal) && breaks-- > 0
            ? new StubReply(
                request.From == 0 ? 200 : 206, _hub.Files[Large][(int)request.From..],
                ("Content-Range", $"bytes {request.From}-2999999/3000000"))
            { BreakAfter = 500_000 }
            : null;
        await FetchAsync(Large);
        _hub.StoreRequests.Select(request => request.From).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems().And.HaveCount(4);
        _notes.Should().HaveCount(3).And.OnlyContain(note => note.Contains("trying again in 2 s"), "each try got further");
    }

    [Fact]
    public async Task What_an_earlier_run_has_fetched_is_gone_on_with()
    {
        Directory.CreateDirectory(Blobs);
        await File.WriteAllBytesAsync(Partial, _hub.Files[Large][..1_234_567]);
        await FetchAsync(Large);
        _hub.StoreRequests.Should().ContainSingle().Which.From.Should().Be(1_234_567);
    }

    [Fact]
    public async Task What_is_not_what_it_should_be_is_deleted_and_said()
    {
        Directory.CreateDirectory(Blobs);
        await File.WriteAllBytesAsync(Partial, new byte[1_000_000]);
        await RefusedAsync("checksum", HubStub.EtagOf(_hub.Files[Large]), "was deleted");
        await FetchAsync(Large);
    }

    [Fact]
    public async Task A_server_without_ranges_sends_all_again()
    {
        Directory.CreateDirectory(Blobs);
        await File.WriteAllBytesAsync(Partial, _hub.Files[Large][..100]);
        _hub.Instead = request => request.From > 0 ? new StubReply(200, _hub.Files[Large]) : null;
        await FetchAsync(Large);
    }

    [Fact]
    public async Task A_file_that_is_there_longer_than_it_should_be_is_begun_anew()
    {
        Directory.CreateDirectory(Blobs);
        await File.WriteAllBytesAsync(Partial, new byte[4_000_000]);
        await FetchAsync(Large);
    }

    [Fact]
    public async Task The_token_goes_to_the_Hub_and_to_no_other_host()
    {
        _hub.Token = _token = "hf_secret";
        await FetchAsync(Large, Small);
        _hub.Requests.Should().OnlyContain(request => request.Headers["Authorization"] == "Bearer hf_secret");
        _hub.StoreRequests.Should().NotBeEmpty().And.OnlyContain(request => !request.Headers.ContainsKey("Authorization"));
    }

    [Theory]
    [InlineData(401, "RepoNotFound", "no such model, or a private one", "HF_TOKEN")]
    [InlineData(401, "GatedRepo", "gated", "accept its terms at http")]
    [InlineData(403, "GatedRepo", "gated", "accept its terms at http")]
    [InlineData(404, "RepoNotFound", "no such model", "check the name")]
    [InlineData(404, "RevisionNotFound", "no revision main", "see http")]
    [InlineData(404, "", "no such model", "check the name")]
    [InlineData(418, "", "the answer 418", "HF_ENDPOINT")]
    public async Task A_refusal_is_put_in_words(int status, string code, string found, string advice)
    {
        _hub.Instead = _ => StubReply.Error(status, ("X-Error-Code", code));
        await RefusedAsync(found, advice, "ORG/model");
        _notes.Should().BeEmpty("it is not asked again");
    }

    [Fact]
    public async Task A_busy_server_is_left_alone_as_long_as_it_wants()
    {
        int refusals = 2;
        _hub.Instead = _ => refusals-- > 0 ? StubReply.Error(429, ("Retry-After", "7")) : null;
        await FetchAsync(Small);
        _notes.Should().HaveCount(2).And.OnlyContain(note => note.Contains("too many requests; trying again in 7 s"));
        _hub.Instead = _ => StubReply.Error(503);
        _notes.Clear();
        await RefusedAsync("the answer 503", "try again later");
        _notes.Should().HaveCount(4);
        _hub.Instead = _ => StubReply.Error(429, ("Retry-After", "3600"));
        _notes.Clear();
        await RefusedAsync("too many requests", "try again later");
        _notes.Should().BeEmpty("nobody waits for an hour");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("no JSON")]
    [InlineData("""{"sha":"../../etc","siblings":[]}""")]
    [InlineData("""{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":{}}""")]
    public async Task What_is_no_answer_of_the_Hub_is_said(string json)
    {
        _hub.Instead = _ => new StubReply(200, Encoding.UTF8.GetBytes(json));
        await RefusedAsync("expected a list of files");
    }

    [Fact]
    public async Task Names_that_lead_out_of_the_cache_are_not_believed()
    {
        _hub.Files["../../evil"] = [1];
        using HubRepository repository = Open();
        (await repository.ListAsync(CancellationToken.None)).Files.Select(file => file.Name).Should().BeEquivalentTo(Large, Small);
        _hub.Instead = request => request.Target.Contains("resolve", StringComparison.Ordinal)
            ? new StubReply(200, [1], ("ETag", "\"../../../evil\""))
            : null;
        await RefusedAsync("an ETag of model.safetensors");
    }

    [Fact]
    public async Task A_mirror_may_leave_a_file_to_another_host()
    {
        using HttpStub other = new(request => new StubReply(200, _hub.Files[Large], ("ETag", $"\"{HubStub.EtagOf(_hub.Files[Large])}\"")));
        _hub.Token = _token = "hf_secret";
        _hub.Instead = request => request.Target.Contains("resolve", StringComparison.Ordinal)
            ? StubReply.Error(308, ("Location", $"{other.Address}elsewhere"))
            : null;
        await FetchAsync(Large);
        other.Requests.Should().ContainSingle().Which.Headers.Should().NotContainKey("Authorization");
    }

    [Fact]
    public async Task A_disk_without_room_is_said_before_anything_is_fetched()
    {
        const string length = "4611686018427387904";
        _hub.Instead = request => request.Target.Contains("resolve", StringComparison.Ordinal)
            ? StubReply.Error(302, ("Location", "http://127.0.0.1:1/"), ("X-Linked-Etag", "\"0\""), ("X-Linked-Size", length))
            : null;
        await RefusedAsync(length, "bytes free on its disk", "free some space");
    }

    [Fact]
    public async Task A_host_that_is_not_there_and_a_Hub_that_must_not_be_asked()
    {
        HubOptions options = Options() with { Endpoint = new Uri("http://127.0.0.1:1") };
        using HubRepository nowhere = new(options, HubAddress.Parse("ORG/model"), _notes.Add);
        await nowhere.Awaiting(it => it.ListAsync(CancellationToken.None)).Should().ThrowAsync<NeuralinkException>()
            .WithMessage("*ORG/model*HF_ENDPOINT*");
        using HubRepository offline = new(Options() with { IsOffline = true }, HubAddress.Parse("ORG/model"), _notes.Add);
        await offline.Awaiting(it => it.ListAsync(CancellationToken.None)).Should().ThrowAsync<NeuralinkException>()
            .WithMessage("*HF_HUB_OFFLINE*");
        _notes.Should().BeEmpty();
    }

    private HubOptions Options() => new() { Endpoint = _hub.Address, CacheFolder = _folder.Path, Token = _token, Time = new NoWaiting() };

    private HubRepository Open() => new(Options(), HubAddress.Parse("ORG/model"), _notes.Add);

    private async Task<string> FetchAsync(params string[] names)
    {
        using HubRepository repository = Open();
        HubListing listing = await repository.ListAsync(CancellationToken.None);
        string snapshot = await repository.FetchAsync(listing, names, progress: null, CancellationToken.None);
        repository.NoteRevision(listing);
        foreach (string name in names)
            (await File.ReadAllBytesAsync(Path.Combine(snapshot, name))).Should().Equal(_hub.Files[name]);
        return snapshot;
    }

    private async Task RefusedAsync(params string[] parts)
    {
        string message = (await FluentActions.Awaiting(() => FetchAsync(Large)).Should().ThrowAsync<NeuralinkException>()).Which.Message;
        message.Should().ContainAll(parts).And.NotContain("\n");
    }

    /// <summary>Whoever waits has waited at once.</summary>
    private sealed class NoWaiting : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime == Timeout.InfiniteTimeSpan ? dueTime : TimeSpan.Zero, period);
    }
}
