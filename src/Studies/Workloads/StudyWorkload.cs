using System.Collections.Concurrent;
using Neuralink.Models.Synthetic;
using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Workloads;

/// <summary>
/// A model's activity: what its orders are made from, and what is generated. Made once and used by all cells of the model, on any thread.
/// Some layers are enough, spread over the model; each stands for as many as there are more.
/// </summary>
internal sealed class StudyWorkload
{
    private readonly ConcurrentDictionary<(PlacementMethod Method, string Cost), Lazy<Permutation[]>> _orders = new();
    private readonly ConcurrentDictionary<StudyText, Lazy<ActivationForecast>> _texts = new();
    private readonly Func<StudyText, ActivationForecast> _textOf;
    private readonly Lazy<ActivationMatrix[]> _training;
    private readonly Func<int, Permutation>? _ownOrder;

    /// <param name="name">What a study calls the model.</param>
    /// <param name="model">Its sizes.</param>
    /// <param name="training">The rows that orders are made from, of each played layer.</param>
    /// <param name="textOf">The rows that are generated; as many as <see cref="TokensMax"/>.</param>
    /// <param name="ownOrder">The order of a played layer where the model is packed; else null.</param>
    public StudyWorkload(
        string name, PlannedModel model, Func<ActivationMatrix[]> training, Func<StudyText, ActivationForecast> textOf,
        Func<int, Permutation>? ownOrder)
    {
        (Name, Model, _textOf, _ownOrder) = (name, model, textOf, ownOrder);
        _training = new Lazy<ActivationMatrix[]>(training);
    }

    /// <summary>Tokens of a text: enough to fill a cache, and then to count.</summary>
    public const int TokensMax = 256;

    public string Name { get; }

    /// <summary>Its sizes.</summary>
    public PlannedModel Model { get; }

    /// <summary>Which neurons are active at a text's tokens.</summary>
    public ActivationForecast TextOf(StudyText text) =>
        _texts.GetOrAdd(text, key => new Lazy<ActivationForecast>(() => _textOf(key))).Value;

    /// <summary>The order on flash of each played layer.</summary>
    /// <param name="method">How it is made. Null: the order that a packed model has, else Neuralink's.</param>
    /// <param name="cost">What it is made for.</param>
    /// <param name="costName">The name of that, under which it is kept.</param>
    public IReadOnlyList<Permutation> OrderOf(PlacementMethod? method, ReadCost cost, string costName)
    {
        if (method is null && _ownOrder is { } own)
            return [.. TextOf(StudyText.SameDomain).LayerIndices.Select(own)];
        PlacementMethod asked = method ?? PlacementMethod.Neuralink;
        // Only the best order depends on what reads cost.
        string key = asked == PlacementMethod.Best ? costName : "";
        return _orders.GetOrAdd((asked, key), _ => new Lazy<Permutation[]>(() => Make(asked, cost))).Value;
    }

    private Permutation[] Make(PlacementMethod method, ReadCost cost)
    {
        OrderingOptions options = new() { Method = method, StrideBytes = Model.Layout.StrideBytes, Cost = cost };
        return [.. _training.Value.Select(layer => Permutation.Of(LayerOrdering.NeuronOfSlot(layer, options)))];
    }

    /// <summary>The workload of a synthetic shape.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="layers">Layers that are played.</param>
    /// <param name="trainingTokens">Tokens that orders are made from.</param>
    public static StudyWorkload Of(SyntheticShape shape, int layers, int trainingTokens)
    {
        SyntheticActivity activity = new(shape, layers);
        return new StudyWorkload(
            shape.Name, PlannedModel.Of(shape.Config, Kernels.WeightFormat.F16), () => activity.Text(trainingTokens, domain: 0, number: 0),
            text => activity.Forecast(text), ownOrder: null);
    }
}
