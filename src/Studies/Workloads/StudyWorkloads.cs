using System.Collections.Concurrent;
using Neuralink.Models.Synthetic;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Workloads;

/// <summary>The workloads of a study, each made when a cell first asks for it. Usable by several threads at once.</summary>
/// <param name="layersMax">The most layers that are played of a model.</param>
/// <param name="trainingTokens">Tokens that orders are made from.</param>
internal sealed class StudyWorkloads(
    int layersMax = StudyWorkloads.DefaultLayers, int trainingTokens = StudyWorkloads.DefaultTrainingTokens)
{
    /// <summary>Enough for lookahead to have a layer before it nearly always, and for caches to be shared by several.</summary>
    public const int DefaultLayers = 6;

    /// <summary>Orders from four times as many gain a few percent, and take four times as long.</summary>
    public const int DefaultTrainingTokens = 2048;

    private const int BoardsMax = 64;

    private readonly ConcurrentDictionary<(string Model, string? Trace, int Boards), Lazy<StudyWorkload>> _workloads = new();

    /// <summary>The workload of a cell.</summary>
    /// <exception cref="NeuralinkException">There is no such model, or its trace is of another; the message says what there is.</exception>
    public StudyWorkload Of(StudyCell cell) =>
        _workloads.GetOrAdd(
            (cell.Model, cell.Trace, cell.Boards),
            key => new Lazy<StudyWorkload>(() => Make(key.Model, key.Trace, key.Boards))).Value;

    private StudyWorkload Make(string model, string? trace, int boards)
    {
        if (StudyShapes.Find(model) is { } found)
        {
            SyntheticShape shape = PartOf(found, boards);
            return trace is null
                ? StudyWorkload.Of(shape, Math.Min(layersMax, shape.Config.LayerCount), trainingTokens)
                : FromTrace(model, PlannedModel.Of(shape.Config, Kernels.WeightFormat.F16), image: null, trace);
        }
        if (!FlashImage.IsImage(model))
        {
            throw new NeuralinkException(
                $"find the model {model}", $"a shape ({string.Join(", ", StudyShapes.All.Select(s => s.Name))}) or a flash image",
                Directory.Exists(model) || File.Exists(model) ? "something else" : "neither",
                "make an image of a model with 'neuralink pack'");
        }
        if (boards != 1)
            throw new NeuralinkException($"share {model} out", "a shape, whose neurons can be drawn", "an image");
        FlashImage image = FlashImage.Open(model);
        return trace is null ? FromSample(model, image) : FromTrace(model, PlannedModel.Of(image), image, trace);
    }

    /// <summary>What one of several boards has of a shape: as many neurons of each layer, which are as active as all are.</summary>
    private static SyntheticShape PartOf(SyntheticShape shape, int boards) => boards is >= 1 and <= BoardsMax
        ? shape with { Config = shape.Config with { FfnSize = Math.Max(1, shape.Config.FfnSize / boards) } }
        : throw new NeuralinkException($"share {shape.Name} out", $"1 to {BoardsMax} boards", $"{boards}");

    private StudyWorkload FromSample(string name, FlashImage image)
    {
        ActivationSample sample = ActivationSample.Find(image) ?? throw new NeuralinkException(
            $"simulate {name}", "an image that keeps a sample of its activity", "none",
            "place it by a trace ('neuralink place --trace'), or name a trace of it in the study");
        int[] indices = ActivationForecast.Spread(Math.Min(layersMax, image.LayerCount), image.LayerCount);
        ActivationMatrix[] rows = [.. indices.Select(i => sample.Layers[i])];
        ActivationForecast text = new(rows, indices, image.LayerCount, $"the image's sample, of {sample.Info.Texts}", IsRecorded: true);
        return new StudyWorkload(
            name, PlannedModel.Of(image), () => throw TooShort(name), kind => OnlyRecorded(name, kind, text),
            layer => OrderOf(image, layer));
    }

    /// <summary>The first half of a trace makes the orders, the second is generated.</summary>
    private StudyWorkload FromTrace(string name, PlannedModel model, FlashImage? image, string path)
    {
        using ActivationTrace trace = ActivationTrace.Open(path);
        trace.ExpectModel(name, image?.ModelDigest ?? trace.Info.ModelDigest, model.Config.LayerCount, model.Config.FfnSize);
        int tokens = trace.Info.TokenCount, half = tokens / 2, end = Math.Min(tokens, half + StudyWorkload.TokensMax);
        int[] indices = ActivationForecast.Spread(Math.Min(layersMax, trace.Info.LayerCount), trace.Info.LayerCount);
        ActivationMatrix[] whole = [.. indices.Select(i => trace.Layer(new LayerIndex(i)))];
        ActivationMatrix[] training = [.. whole.Select(layer => layer.Sample(Math.Max(0, half - trainingTokens), half))];
        ActivationForecast text = new(
            [.. whole.Select(layer => layer.Sample(half, end))], indices, trace.Info.LayerCount, $"{path}, of {trace.Info.Texts}",
            IsRecorded: true);
        return new StudyWorkload(
            name, model, () => training, kind => OnlyRecorded(name, kind, text), image is null ? null : layer => OrderOf(image, layer));
    }

    private static Permutation OrderOf(FlashImage image, int layer) => image.PlacementOf(new LayerIndex(layer));

    private static ActivationForecast OnlyRecorded(string name, StudyText kind, ActivationForecast text) => kind == StudyText.SameDomain
        ? text
        : throw new NeuralinkException(
            $"simulate {name} with another text", "a synthetic shape, whose texts are drawn", "a recorded trace",
            "name a trace of that text");

    private static NeuralinkException TooShort(string name) => new(
        $"make an order for {name}", "a trace long enough to make one from", $"a sample of {ActivationSample.TokensMax} tokens",
        "name a trace of it in the study ('neuralink trace'), or study the order that the image has");
}
