using System.Text.Json;
using Neuralink.Cli.Models;
using Neuralink.Cli.Terminal;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>One run of `placement compare`: check what was given, order by each method, play each trace, print.</summary>
internal sealed class CompareRun(CompareSettings settings, Surroundings surroundings)
{
    public int Run(CancellationToken cancellation)
    {
        List<ActivationTrace> opened = [];
        try
        {
            foreach (string path in settings.Tests.Prepend(settings.Train))
                opened.Add(ActivationTrace.Open(path));
            ActivationTrace train = opened[0];
            IReadOnlyList<ActivationTrace> tests = opened[1..];
            DeviceProfile device = settings.ProfilePath is { } profile ? DeviceProfile.Read(profile) : DeviceProfile.Default;
            FlashImage? image = settings.Model is null
                ? null
                : FlashImage.Open(ModelLocator.Locate(settings.Model, ModelReading.AsPublished, surroundings, cancellation).Image);
            ComparedModel model = image is null ? ComparedModel.Of(train) : ComparedModel.Of(image, settings.Model!);
            opened.ForEach(model.Expect);
            Remark(train, tests, cancellation);
            CompareReport report = Compare(model, image, train, tests, device, cancellation);
            if (settings.Json)
                surroundings.Out.WriteLine(JsonSerializer.Serialize(report, CompareReportJson.Default.CompareReport));
            else
                CompareTable.Write(report, Screen.OnOut(surroundings));
            return ExitCode.Success;
        }
        finally
        {
            opened.ForEach(trace => trace.Dispose());
        }
    }

    // A model's texts are known by their digest: a copy of the training trace is no more unseen than the trace itself.
    private static bool IsUnseen(ActivationTrace train, ActivationTrace test) => test.Info.TextsDigest != train.Info.TextsDigest;

    private void Remark(ActivationTrace train, IReadOnlyList<ActivationTrace> tests, CancellationToken cancellation)
    {
        if (settings.Compared.Any(PlaceCommandSettings.IsByTrace)
            && TraceShortness.Of(train, settings.MemoryBytesMax, surroundings, cancellation) is { } shortness)
        {
            surroundings.Note(shortness);
        }
        foreach (ActivationTrace test in tests.Where(test => !IsUnseen(train, test)))
            surroundings.Note($"{test.Path} is of the very text that the orders are made from: it says nothing about unseen text");
    }

    private CompareReport Compare(
        ComparedModel model, FlashImage? image, ActivationTrace train, IReadOnlyList<ActivationTrace> tests, DeviceProfile device,
        CancellationToken cancellation)
    {
        ReadCost cost = device.ToReadCost();
        List<ComparedOrder> orders = [.. settings.Compared.Select(method => Order(method, model, train, cost, cancellation))];
        if (image?.Manifest.Placement.Method is { } placed && placed != PlacementManifest.Identity.Method)
            orders.Add(new ComparedOrder($"image ({placed})", image.PlacementOf, OrderingSeconds: null));
        ComparePlay play = new(orders, settings.CachedShares, model.StrideBytes, cost, settings.MemoryBytesMax);
        List<TestReport> played = [];
        foreach (ActivationTrace test in tests)
        {
            ProgressDisplay.Run(surroundings, $"playing {Path.GetFileName(test.Path)}", share =>
                played.Add(new TestReport(ComparedTrace.Of(test), IsUnseen(train, test), play.Play(test, share, cancellation))));
        }
        return new CompareReport
        {
            Model = train.Info.ModelName,
            ModelDigest = model.Digest,
            Layers = model.LayerCount,
            Neurons = model.NeuronCount,
            StrideBytes = model.StrideBytes,
            Device = device.Name,
            Reads = device.Reads,
            Seed = settings.Seed,
            Train = ComparedTrace.Of(train),
            Orders = [.. orders.Select(o => new OrderReport(o.Name, o.OrderingSeconds))],
            Tests = played,
        };
    }

    private ComparedOrder Order(
        PlacementMethod method, ComparedModel model, ActivationTrace train, ReadCost cost, CancellationToken cancellation)
    {
        OrderingOptions options = new()
        {
            Method = method,
            StrideBytes = model.StrideBytes,
            Cost = cost,
            Seed = settings.Seed,
            StepsPerNeuron = settings.Effort,
            MemoryBytesMax = settings.MemoryBytesMax,
        };
        string name = PlaceCommandSettings.NameOf(method);
        Func<LayerIndex, ActivationMatrix> active = PlaceCommandSettings.IsByTrace(method)
            ? train.Layer
            : _ => new ActivationMatrix(model.NeuronCount, []);
        IReadOnlyList<Permutation> layers = [];
        long start = surroundings.Time.GetTimestamp();
        ProgressDisplay.Run(surroundings, $"ordering by {name}", share =>
            layers = ModelOrdering.Order(model.LayerCount, active, options, surroundings.Time, share, cancellation).Layers);
        return new ComparedOrder(name, layer => layers[layer.Value], surroundings.Time.GetElapsedTime(start).TotalSeconds);
    }
}
