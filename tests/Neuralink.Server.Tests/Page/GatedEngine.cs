using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Neuralink.Hosting;

namespace Neuralink.Server.Tests.Page;

/// <summary>
/// An engine whose texts stop after some tokens while its gate is closed: so what a page shows of a text that is being made can be looked
/// at, however fast the machine is.
/// </summary>
internal sealed class GatedEngine(INeuralinkEngine inner) : INeuralinkEngine
{
    private const int FreeTokens = 10;

    private TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string ModelName => inner.ModelName;

    public bool IsReady => inner.IsReady;

    public Task<NeuralinkEngine> WhenReady => inner.WhenReady;

    /// <summary>Puts one in front of a server's engine.</summary>
    public static void Add(IServiceCollection services)
    {
        ServiceDescriptor last = services.Last(service => service.ServiceType == typeof(INeuralinkEngine));
        Func<IServiceProvider, object> engine = last.ImplementationFactory!;
        services.AddSingleton<INeuralinkEngine>(provider => new GatedEngine((INeuralinkEngine)engine(provider)));
    }

    public void Close() => _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _opened.TrySetResult();

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        int tokens = 0;
        await foreach (GenerationEvent happened in inner.GenerateAsync(request, cancellation))
        {
            if (happened is TokenGenerated && ++tokens > FreeTokens)
                await _opened.Task.WaitAsync(cancellation);
            yield return happened;
        }
    }
}
