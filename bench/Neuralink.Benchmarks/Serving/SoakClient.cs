using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Neuralink.Benchmarks.Serving;

/// <summary>One client of a soak: does one thing after another, drawn by its seed.</summary>
internal sealed class SoakClient(HttpClient http, SoakLedger ledger, int seed)
{
    private static readonly string[] s_openings =
    [
        "Tell me of a red boat.", "Once upon a time", "What did the dog see?", "A story of two birds, please.", "Why was Lily sad?",
    ];

    private static readonly string[] s_nonsense =
    [
        "{", "[]", "{\"messages\": 3}", "{\"messages\": [], \"max_tokens\": \"many\"}", "{\"prompt\": [1e99]}", "\u0000",
        "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"temperature\": -4}",
    ];

    private readonly Random _random = new(seed);

    public async Task RunAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            switch (_random.Next(10))
            {
                case < 4:
                    await StreamAsync(leavesAfter: int.MaxValue, slowness: TimeSpan.Zero);
                    break;
                case 4:
                    await StreamAsync(leavesAfter: _random.Next(8), slowness: TimeSpan.Zero);
                    break;
                case 5:
                    await StreamAsync(leavesAfter: int.MaxValue, slowness: TimeSpan.FromMilliseconds(_random.Next(30)));
                    break;
                case 6:
                    await NonsenseAsync();
                    break;
                case 7:
                    await ConverseAsync();
                    break;
                default:
                    await CompleteAsync();
                    break;
            }
        }
    }

    private async Task StreamAsync(int leavesAfter, TimeSpan slowness)
    {
        object body = new
        {
            messages = new[] { new { role = "user", content = Opening() } },
            max_tokens = _random.Next(1, 60),
            temperature = 0.8,
            stream = true,
            stream_options = new { include_usage = true },
        };
        long start = Stopwatch.GetTimestamp();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body) };
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!await IsTakenAsync(answer, start))
            return;
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        int tokens = 0;
        bool hasUsage = false, isDone = false;
        long last = start;
        string? error = null;
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            isDone |= line == "data: [DONE]";
            hasUsage |= line.Contains("\"total_tokens\"", StringComparison.Ordinal);
            error ??= line.Contains("\"error\"", StringComparison.Ordinal) ? line : null;
            if (line.Contains("\"content\":\"", StringComparison.Ordinal) && !line.Contains("\"content\":\"\"", StringComparison.Ordinal))
            {
                double millis = Stopwatch.GetElapsedTime(last).TotalMilliseconds;
                last = Stopwatch.GetTimestamp();
                if (tokens++ == 0)
                    ledger.NoteFirstToken(millis);
                else if (slowness == TimeSpan.Zero)
                    ledger.NoteNextToken(millis);
            }
            if (tokens > leavesAfter)
            {
                ledger.Note("left");
                return;
            }
            if (slowness > TimeSpan.Zero)
                await Task.Delay(slowness);
        }
        if (error is not null || !isDone || !hasUsage)
            ledger.Fail($"a stream without its end: {error}", start, error is not null);
        else
            ledger.Note("streamed");
    }

    private async Task CompleteAsync()
    {
        object body = new { prompt = Opening(), max_tokens = _random.Next(1, 40), temperature = 0, n = _random.Next(1, 3) };
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/completions", body);
        if (await IsTakenAsync(answer, start))
            ledger.Note("completed");
    }

    /// <summary>Three turns, each with all that came before.</summary>
    private async Task ConverseAsync()
    {
        List<object> messages = [];
        for (int turn = 0; turn < 3; turn++)
        {
            messages.Add(new { role = "user", content = Opening() });
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await http.PostAsJsonAsync("/v1/chat/completions", new { messages, max_tokens = 24 });
            if (!await IsTakenAsync(answer, start))
                return;
            JsonElement choice = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("choices")[0];
            messages.Add(new { role = "assistant", content = choice.GetProperty("message").GetProperty("content").GetString() });
            ledger.Note("turns");
        }
    }

    private async Task NonsenseAsync()
    {
        string text = s_nonsense[_random.Next(s_nonsense.Length)];
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await http.PostAsync(
            "/v1/chat/completions", new StringContent(text, Encoding.UTF8, "application/json"));
        if (answer.StatusCode == HttpStatusCode.BadRequest)
            ledger.Note("refused");
        else
            ledger.Fail($"{(int)answer.StatusCode} for {text}", start, mayBeFlash: false);
    }

    private async Task<bool> IsTakenAsync(HttpResponseMessage answer, long start)
    {
        if (answer.IsSuccessStatusCode)
            return true;
        if (answer.StatusCode == HttpStatusCode.TooManyRequests && answer.Headers.RetryAfter is not null)
        {
            ledger.Note("turned away");
            await Task.Delay(_random.Next(50, 500));
            return false;
        }
        string text = await answer.Content.ReadAsStringAsync();
        ledger.Fail($"{(int)answer.StatusCode}: {text}", start, (int)answer.StatusCode >= 500);
        return false;
    }

    private string Opening() => s_openings[_random.Next(s_openings.Length)];
}
