using Neuralink.Cli.Images;
using Neuralink.Cli.Terminal;
using Neuralink.Cli.Traces;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Profiles;
using Neuralink.Storage.Traces;
using Neuralink.Studies.Orders;

namespace Neuralink.Cli.Placements;

/// <summary>One run of `place`: check everything that can be checked, order, measure, write.</summary>
internal sealed class PlaceCommandRun(PlaceCommandSettings settings, Surroundings surroundings)
{
    public int Run(CancellationToken cancellation)
    {
        long start = surroundings.Time.GetTimestamp();
        FlashImage image = FlashImage.Open(settings.Image);
        string destination = settings.Output ?? InPlace(settings.Image);
        ImageDestination.Check(destination, replace: settings.Output is null || settings.Force);
        ImageRewriter.RequireRoom(image, destination);
        using ActivationTrace? trace = settings.TracePath is { } path ? OpenTrace(path, image) : null;
        DeviceProfile device = settings.ProfilePath is { } profile ? DeviceProfile.Read(profile) : DeviceProfile.Default;
        ReadCost cost = device.ToReadCost();
        if (settings.NeedsTrace && TraceShortness.Of(trace!, settings.MemoryBytesMax, surroundings, cancellation) is { } warning)
            surroundings.Note(warning);
        OrderingOptions options = new()
        {
            Method = settings.Method,
            StrideBytes = image.StrideBytes,
            Cost = cost,
            Seed = settings.Seed,
            StepsPerNeuron = settings.Effort,
            MemoryBytesMax = settings.MemoryBytesMax,
        };
        if (settings.Method is PlacementMethod.Best && !options.RearrangesLinks)
        {
            surroundings.Note(
                $"with neurons of {image.StrideBytes} bytes on this device, best keeps the order of neuralink: gaps between them hardly "
                + "pay, and links are what counts");
        }

        IReadOnlyList<Permutation> orders = Order(image, trace, options, cancellation);
        (PlacementStatistics Before, PlacementStatistics After, ActivationSample Sample)? measured = trace is null
            ? null
            : Measure(trace, image, orders, cost, cancellation);
        PlacementTrace? madeFrom = trace is null ? null : new PlacementTrace(trace.Digest, trace.Info.TokenCount, trace.Info.Texts);
        Rewrite(image, destination, orders, new PlacementManifest(
            settings.MethodName, settings.SeedUsed, madeFrom, measured?.After,
            measured is null ? null : new PlacementReadCost(device.Name, device.Reads)), cancellation);
        measured?.Sample.Write(Path.Combine(destination, ActivationSample.FileName));

        TimeSpan time = surroundings.Time.GetElapsedTime(start);
        surroundings.Out.WriteLine(
            $"placed {destination} by {settings.MethodName}: {image.LayerCount} layers of {image.SlotCount} neurons in "
            + $"{time.TotalSeconds:0.0} s, peak memory {ByteSize.Format(ProcessMemory.PeakBytes())}"
            + (
                measured is var (before, after, _)
                    ? $"; a layer of a token on {device.Name}, nothing cached: {StatisticsText.Change(before, after)}"
                    : ""));
        return ExitCode.Success;
    }

    // What a link leads to is replaced, not the link.
    private static string InPlace(string folder) =>
        new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder)).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;

    private static ActivationTrace OpenTrace(string path, FlashImage image)
    {
        ActivationTrace trace = ActivationTrace.Open(path);
        try
        {
            trace.ExpectModel(image.Folder, image.ModelDigest, image.LayerCount, image.SlotCount);
            return trace;
        }
        catch
        {
            trace.Dispose();
            throw;
        }
    }

    private IReadOnlyList<Permutation> Order(
        FlashImage image, ActivationTrace? trace, OrderingOptions options, CancellationToken cancellation)
    {
        if (image.FfnCount < image.LayerCount)
        {
            throw new NeuralinkException(
                $"place {image.Folder}", "an FFN for each layer", "one that all layers share",
                "its order is left as it is; nothing has to be placed");
        }
        // A method that needs no trace orders as well by one of no tokens, and then none is read.
        Func<LayerIndex, ActivationMatrix> active = settings.NeedsTrace ? trace!.Layer : _ => new ActivationMatrix(image.SlotCount, []);
        IReadOnlyList<Permutation> orders = [];
        ProgressDisplay.Run(surroundings, "ordering", share =>
            orders = ModelOrdering.Order(image.LayerCount, active, options, surroundings.Time, share, cancellation).Layers);
        return orders;
    }

    /// <summary>What the old order and the new cost on the trace, and on the way what the image is to know of it.</summary>
    private (PlacementStatistics Before, PlacementStatistics After, ActivationSample Sample) Measure(
        ActivationTrace trace, FlashImage image, IReadOnlyList<Permutation> orders, ReadCost cost, CancellationToken cancellation)
    {
        EvaluationSetup setup = new() { StrideBytes = image.StrideBytes, Cost = cost };
        ReadTotals[] before = new ReadTotals[image.LayerCount], after = new ReadTotals[image.LayerCount];
        int[][] counts = new int[image.LayerCount][];
        ActivationMatrix[] rows = new ActivationMatrix[image.LayerCount];
        (int begin, int end) = ActivationSample.RangeOf(trace.Info.TokenCount);
        ProgressDisplay.Run(surroundings, "measuring the old order and the new", share => TraceLayers.Visit(
            trace,
            TraceLayers.ThreadsWithin(trace, settings.MemoryBytesMax),
            (layer, active) =>
            {
                before[layer.Value] = OrderStudy.Of(active, image.PlacementOf(layer), setup, cachedShare: 0).Totals;
                after[layer.Value] = OrderStudy.Of(active, orders[layer.Value], setup, cachedShare: 0).Totals;
                counts[layer.Value] = active.Frequencies();
                rows[layer.Value] = active.Sample(begin, end);
            },
            share,
            cancellation));
        return (Statistics(before), Statistics(after), new ActivationSample(ActivationSampleInfo.Of(trace.Info), counts, rows));

        PlacementStatistics Statistics(ReadTotals[] layers)
        {
            LayerMeans means = LayerMeans.Of(layers, trace.Info.TokenCount);
            return new PlacementStatistics(means.ReadsPerToken, means.MeanReadBundles, means.ReadPerUsed, means.MicrosPerToken / 1000);
        }
    }

    private void Rewrite(
        FlashImage image, string destination, IReadOnlyList<Permutation> orders, PlacementManifest placement,
        CancellationToken cancellation)
    {
        bool replace = settings.Output is null || settings.Force;
        ProgressDisplay.Run(surroundings, "writing", share => ImageRewriter.Rewrite(
            image, destination, orders, placement, replace, new ByteShare(share, ImageRewriter.TotalBytes(image)), cancellation));
    }
}
