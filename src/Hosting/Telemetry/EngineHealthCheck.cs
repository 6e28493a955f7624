using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Neuralink.Hosting;

/// <summary>Whether texts can be generated: healthy once the engine is open and warm. Tagged "ready".</summary>
internal sealed class EngineHealthCheck(INeuralinkEngine engine) : IHealthCheck
{
    public const string Name = "neuralink";

    /// <summary>Of checks that say whether requests may come, and not whether the process is alive.</summary>
    public const string ReadyTag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (engine.IsReady)
            return Task.FromResult(HealthCheckResult.Healthy($"{engine.ModelName} is ready"));
        Task<NeuralinkEngine> ready = engine.WhenReady;
        string why = ready.IsFaulted ? ready.Exception!.GetBaseException().Message
            : ready.IsCompleted ? $"{engine.ModelName} is closed"
            : $"{engine.ModelName} is being opened";
        return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, why));
    }
}
