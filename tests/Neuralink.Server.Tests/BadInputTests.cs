using System.Net;
using System.Text;
using System.Text.Json;

namespace Neuralink.Server.Tests;

/// <summary>What is not as it must be is refused by its name, in OpenAI's shape, and the server lives on.</summary>
[Collection(ServerCollection.Name)]
public sealed class BadInputTests(RunningServer server)
{
    private const string Completions = "/v1/completions", Chat = "/v1/chat/completions";

    public static TheoryData<string, string, string> Refused => new()
    {
        { Completions, """{"prompt":"a","max_tokens":-5}""", "max_tokens" },
        { Completions, """{"prompt":"a","max_tokens":1.5}""", "max_tokens" },
        { Completions, """{"prompt":"a","max_tokens":"5"}""", "max_tokens" },
        { Completions, """{"prompt":"a","temperature":-1}""", "temperature" },
        { Completions, """{"prompt":"a","temperature":1e400}""", "temperature" },
        { Completions, """{"prompt":"a","top_p":1.1}""", "top_p" },
        { Completions, """{"prompt":"a","top_k":2.5}""", "top_k" },
        { Completions, """{"prompt":"a","seed":"x"}""", "seed" },
        { Completions, """{"prompt":"a","seed":1e30}""", "seed" },
        { Completions, """{"prompt":"a","n":0}""", "n" },
        { Completions, """{"prompt":"a","n":129}""", "n" },
        { Completions, """{"prompt":"a","best_of":3}""", "best_of" },
        { Completions, """{"prompt":"a","stop":[1]}""", "stop[0]" },
        { Completions, """{"prompt":"a","stop":{}}""", "stop" },
        { Completions, """{"prompt":"a","logit_bias":{"x":1}}""", "logit_bias" },
        { Completions, """{"prompt":"a","logit_bias":{"999999":1}}""", "logit_bias" },
        { Completions, """{"prompt":"a","logit_bias":{"5":101}}""", "logit_bias.5" },
        { Completions, """{"prompt":"a","logit_bias":{"5":null}}""", "logit_bias.5" },
        { Completions, """{"prompt":"a","logprobs":21}""", "logprobs" },
        { Completions, """{"prompt":"a","logprobs":true}""", "logprobs" },
        { Completions, """{"prompt":"a","suffix":"b"}""", "suffix" },
        { Completions, """{"prompt":"a","stream":1}""", "stream" },
        { Completions, """{"prompt":"a","stream":true,"stream_options":{"include_usage":"yes"}}""", "stream_options.include_usage" },
        { Completions, """{"max_tokens":1}""", "prompt" },
        { Completions, """{"prompt":[]}""", "prompt" },
        { Completions, """{"prompt":[[]]}""", "prompt[0]" },
        { Completions, """{"prompt":["a",5]}""", "prompt[1]" },
        { Completions, """{"prompt":[1,"a"]}""", "prompt[1]" },
        { Completions, """{"prompt":[1,999999]}""", "prompt" },
        { Completions, """{"prompt":[-1]}""", "prompt[0]" },
        { Completions, """{"prompt":"emoji \ud83d"}""", "prompt" },
        { Completions, """{"prompt":"a","model":7}""", "model" },
        { Completions, """{"prompt":"a","mirostat":2}""", "mirostat" },
        { Completions, """{"prompt":"a","grammar":"root ::= x"}""", "grammar" },
        { Chat, """{"messages":[]}""", "messages" },
        { Chat, """{"messages":"hello"}""", "messages" },
        { Chat, """{"messages":[5]}""", "messages[0]" },
        { Chat, """{"messages":[{"content":"a"}]}""", "messages[0].role" },
        { Chat, """{"messages":[{"role":"king","content":"a"}]}""", "messages[0].role" },
        { Chat, """{"messages":[{"role":"user"}]}""", "messages[0].content" },
        { Chat, """{"messages":[{"role":"user","content":5}]}""", "messages[0].content" },
        { Chat, """{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0].type" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}""", "tools" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"tool_choice":"required"}""", "tool_choice" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema"}}""", "response_format" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"modalities":["text","audio"]}""", "modalities" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"top_logprobs":2}""", "top_logprobs" },
        { Chat, """{"messages":[{"role":"user","content":"a"}],"logprobs":1}""", "logprobs" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_parameter_is_refused_by_its_name(string path, string body, string parameter)
    {
        (HttpStatusCode status, JsonElement answer) = await server.PostTextAsync(path, body);

        status.Should().Be(HttpStatusCode.BadRequest);
        JsonElement error = answer.GetProperty("error");
        error.GetProperty("param").GetString().Should().Be(parameter);
        error.GetProperty("message").GetString().Should().StartWith(parameter);
        error.GetProperty("type").GetString().Should().Be("invalid_request_error");
        error.GetProperty("code").ValueKind.Should().BeOneOf(JsonValueKind.Null, JsonValueKind.String);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("nothing")]
    [InlineData("""{"prompt":"a"} {""")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body)
    {
        (HttpStatusCode status, JsonElement answer) = await server.PostTextAsync(Completions, body);

        status.Should().Be(HttpStatusCode.BadRequest);
        answer.GetProperty("error").GetProperty("code").GetString().Should().Be("invalid_json");
    }

    [Fact]
    public async Task Bytes_at_random_never_break_the_server()
    {
        byte[] good = Encoding.UTF8.GetBytes("""{"prompt":"Once é","max_tokens":1,"temperature":0.5,"stop":["x"],"logit_bias":{"5":1}}""");
        Random random = new(5);
        for (int round = 0; round < 200; round++)
        {
            byte[] body = [.. good[..random.Next(good.Length / 2, good.Length + 1)]];
            for (int flips = random.Next(4); flips > 0; flips--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            using HttpResponseMessage answer = await server.Client.PostAsync(Completions, new ByteArrayContent(body));
            ((int)answer.StatusCode).Should().BeOneOf(200, 400, 404);
            JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.ValueKind.Should().Be(JsonValueKind.Object);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_ten_megabytes_is_refused_whether_its_length_is_stated_or_not(bool isChunked)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, Completions) { Content = new ByteArrayContent(new byte[10 << 20]) };
        request.Headers.TransferEncodingChunked = isChunked;
        using HttpResponseMessage answer = await server.Client.SendAsync(request);

        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        (await answer.Content.ReadAsStringAsync()).Should().Contain("body_too_large");
    }

    [Fact]
    public async Task A_small_body_that_unpacks_to_a_large_one_is_refused()
    {
        using MemoryStream packed = new();
        using (System.IO.Compression.GZipStream gzip = new(packed, System.IO.Compression.CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(new byte[20 << 20]);
        ByteArrayContent content = new(packed.ToArray()) { Headers = { ContentEncoding = { "gzip" } } };
        using HttpResponseMessage answer = await server.Client.PostAsync(Completions, content);

        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_says_how_many_tokens_came_and_how_many_fit_before_any_stream_begins()
    {
        string prompt = string.Concat(Enumerable.Repeat("a long story ", 1000));
        int tokens = server.Engine.Tokenizer.Encode(prompt).Length;

        JsonElement answer = await server.PostAsync(Completions, new { prompt, stream = true }, HttpStatusCode.BadRequest);

        JsonElement error = answer.GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("context_length_exceeded");
        error.GetProperty("message").GetString().Should().Contain($"{tokens} tokens").And.Contain($"{server.Engine.ContextTokens} tokens");
    }

    [Theory]
    [InlineData("/v1/nothing", 404)]
    [InlineData("/api/nothing", 404)]
    [InlineData("/nothing", 404)]
    public async Task What_is_not_there_is_said_in_the_shape_of_its_API(string path, int status)
    {
        using HttpResponseMessage answer = await server.Client.GetAsync(path);

        ((int)answer.StatusCode).Should().Be(status);
        JsonElement error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        error.ValueKind.Should().Be(path.StartsWith("/api", StringComparison.Ordinal) ? JsonValueKind.String : JsonValueKind.Object);
    }

    [Fact]
    public async Task Ollamas_errors_are_texts()
    {
        (HttpStatusCode status, JsonElement answer) =
            await server.PostTextAsync("/api/chat", """{"messages":[],"options":{"top_k":"x"}}""");
        status.Should().Be(HttpStatusCode.OK, "no message is a request to load the model");
        answer.GetProperty("done_reason").GetString().Should().Be("load");

        (status, answer) = await server.PostTextAsync("/api/generate", """{"prompt":"a","options":{"top_k":"x"}}""");
        status.Should().Be(HttpStatusCode.BadRequest);
        answer.GetProperty("error").GetString().Should().StartWith("options.top_k");
    }
}
