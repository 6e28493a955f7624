using Microsoft.Extensions.AI;
using Neuralink.Hosting;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);        // takes --Neuralink:Model=PATH, --urls=URL, ...
builder.Services.AddNeuralink(options => options.Model ??= "models/tiny-stories");
WebApplication app = builder.Build();

app.MapGet("/ready", (INeuralinkEngine engine) => Results.StatusCode(engine.IsReady ? 200 : 503));

app.MapGet("/ask", async (string question, IChatClient client, HttpResponse response, CancellationToken gone) =>
{
    ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 32 };
    await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(question, options, gone))
    {
        await response.WriteAsync(update.Text, gone);
        await response.Body.FlushAsync(gone);
    }
});

await app.RunAsync();
