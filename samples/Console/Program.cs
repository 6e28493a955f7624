using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Neuralink.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);      // takes --Neuralink:Model=PATH, --Neuralink:Memory=64MiB, ...
builder.Services.AddNeuralink(options => options.Model ??= "models/tiny-stories");
using IHost host = builder.Build();
await host.StartAsync();

IChatClient client = host.Services.GetRequiredService<IChatClient>();
ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 32 };
List<ChatResponseUpdate> updates = [];
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("Once upon a time", options))
{
    Console.Write(update);
    updates.Add(update);
}
Console.WriteLine($"\n{updates.ToChatResponse().Usage?.AdditionalCounts?["bytes_read"]} bytes were read from flash.");
await host.StopAsync();
