using Neuralink.Models.Synthetic;
using Neuralink.Placement.Synthetic;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Workloads;

/// <summary>Texts of a synthetic shape, for some of its layers, which are spread over the model.</summary>
internal sealed class SyntheticActivity
{
    private const ulong Seed = 1;

    // Domains and texts by number; text 0 of domain 0 is what orders are made from.
    private const int OtherDomain = 1, TestText = 1, LongerText = 2, LongerTimes = 4;

    private readonly SyntheticShape _shape;
    private readonly SyntheticLanguage _language;
    private readonly SyntheticLayer[] _layers;
    private readonly int[] _indices;

    public SyntheticActivity(SyntheticShape shape, int layers)
    {
        _shape = shape;
        _language = new SyntheticLanguage(shape.ClusterCount, Seed);
        ClusterActivity activity = new(_language);
        _indices = ActivationForecast.Spread(layers, shape.Config.LayerCount);
        _layers = new SyntheticLayer[layers];
        Parallel.For(0, layers, i => _layers[i] = new SyntheticLayer(shape.Profile, activity, Seed, _indices[i]));
    }

    /// <summary>The rows of a text, of each layer.</summary>
    public ActivationMatrix[] Text(int tokens, int domain, int number)
    {
        SyntheticText text = _language.Text(tokens, domain, number);
        ActivationMatrix[] rows = new ActivationMatrix[_layers.Length];
        Parallel.For(0, rows.Length, i => rows[i] = _layers[i].Trace(text));
        return rows;
    }

    /// <summary>The rows that are generated.</summary>
    public ActivationForecast Forecast(StudyText text)
    {
        const int Tokens = StudyWorkload.TokensMax;
        ActivationMatrix[] rows = text switch
        {
            StudyText.SameDomain => Text(Tokens, domain: 0, TestText),
            StudyText.OtherDomain => Text(Tokens, OtherDomain, TestText),
            StudyText.Longer => [.. Text(LongerTimes * Tokens, domain: 0, LongerText).Select(Last)],
            _ => throw new ArgumentOutOfRangeException(nameof(text), text, "There is no such text."),
        };
        return new ActivationForecast(rows, _indices, _shape.Config.LayerCount, $"{_shape.Description}, synthetic", IsRecorded: false);
    }

    private static ActivationMatrix Last(ActivationMatrix rows) => rows.Sample(rows.TokenCount - StudyWorkload.TokensMax, rows.TokenCount);
}
