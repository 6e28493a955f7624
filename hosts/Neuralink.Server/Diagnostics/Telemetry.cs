using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Neuralink.Server.Diagnostics;

/// <summary>
/// Metrics for Prometheus, and metrics, traces and logs for OTLP where the standard OTEL_EXPORTER_OTLP_* variables ask for it.
/// </summary>
internal static class Telemetry
{
    public static void Add(WebApplicationBuilder builder)
    {
        bool hasOtlp = builder.Configuration.AsEnumerable()
            .Any(setting => setting.Key.StartsWith("OTEL_EXPORTER_OTLP_", StringComparison.OrdinalIgnoreCase) && setting.Value?.Length > 0);
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics =>
            {
                metrics.AddMeter("Neuralink*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
                    // Counters are summed up for each scrape: what is kept for a while follows the machine's clock, which may be set back.
                    .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0);
                if (hasOtlp)
                    metrics.AddOtlpExporter();
            });
        if (!hasOtlp)
            return;
        telemetry.WithTracing(tracing => tracing.AddSource("Neuralink*", "Microsoft.AspNetCore").AddOtlpExporter());
        builder.Logging.AddOpenTelemetry(logs => logs.AddOtlpExporter());
    }
}
