using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Neuralink.Tests.Support;

namespace Neuralink.Hosting.Tests;

/// <summary>A host that serves the bundled model, shared by the tests of a class.</summary>
public sealed class ServedModel : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
    private IHost? _host;

    public IServiceProvider Services => _host!.Services;

    public INeuralinkEngine Engine => Services.GetRequiredService<INeuralinkEngine>();

    public IChatClient Client => Services.GetRequiredService<IChatClient>();

    /// <summary>The engine of this process.</summary>
    public NeuralinkEngine Local => Engine.WhenReady.Result;

    public async Task InitializeAsync()
    {
        string template = Path.Combine(_folder, "template.jinja");
        await File.WriteAllTextAsync(
            template,
            "{% for m in messages %}{% if m.role == 'system' %}[{{ m.content }}]{% else %}{{ m.content }}{% endif %}\n{% endfor %}"
            + "{% if shout is defined %}{{ shout }}{% endif %}");
        HostApplicationBuilder builder = new(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddNeuralink(options =>
        {
            options.Model = BundledModel.Image;
            options.ChatTemplate = template;
            options.Cache = CacheSize.OfShare(0.1);
            options.Context = 256;
        });
        _host = builder.Build();
        await _host.StartAsync();
        await Engine.WhenReady;
    }

    public async Task DisposeAsync()
    {
        if (_host is not null)
            await _host.StopAsync();
        _host?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
