using Neuralink.Models.Tracing;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Models.Tests.Tracing;

/// <summary>Traces of an image in a temporary folder.</summary>
internal sealed class TracedModel(string imageFolder) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Traces into <paramref name="name"/>, or goes on with what is there of it.</summary>
    public ActivationTracePlan Trace(
        string name, TokenWindows windows, int threads = 1, Func<ActivationTracePlan, long>? memoryBytes = null,
        IProgress<double>? progress = null,
        bool inputs = false, CancellationToken cancellation = default)
    {
        FlashImage image = FlashImage.Open(imageFolder);
        long? budget = null;
        if (memoryBytes is not null)
        {
            using ActivationTracer probe = new(image, windows.WindowTokens, threads, memoryBytes: null, TimeProvider.System);
            budget = memoryBytes(probe.Plan);
        }
        using ActivationTracer tracer = new(image, windows.WindowTokens, threads, budget, TimeProvider.System);
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(PathOf(name), tracer.Describe("model", "texts", windows, inputs));
        tracer.Trace(windows, writer, progress, cancellation);
        return tracer.Plan;
    }

    public ActivationMatrix[] Layers(string name)
    {
        using ActivationTrace trace = ActivationTrace.Open(PathOf(name));
        return [.. Enumerable.Range(0, trace.Info.LayerCount).Select(i => trace.Layer(new LayerIndex(i)))];
    }

    public byte[] Bytes(string name) => File.ReadAllBytes(PathOf(name));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
