using Neuralink.Studies.Planning;

namespace Neuralink.Cli.Planning;

/// <summary>What a plan rests on, in words, and how to know better.</summary>
internal static class PlanAssumptions
{
    public static IEnumerable<string> Of(
        PlanSubject subject, PlanDevice device, EngineOptions options, ActivationForecast active, LookaheadQuality lookahead)
    {
        string part = active.Layers.Count < active.LayerCount ? $", {active.Layers.Count} of the {active.LayerCount} layers" : "";
        yield return active.IsRecorded
            ? $"Activity: {active.Source}; {active.Layers[0].TokenCount} tokens{part} were played through the engine's own pipeline under "
                + "a virtual clock, with a cache that is empty at first; the figures are of all but their first eighth."
            : $"Activity is {active.Source}. Real models differ: {HowToTrace(subject)}.";
        if (subject.Image is null)
            yield return "The model is not packed: its neurons are taken to lie in the model's own order.";
        yield return device.IsMeasured
            ? $"Reads cost what the device profile says: {device.Name}."
            : $"No device profile: reads are taken to cost those of {device.Name}; measure yours with 'neuralink probe'.";
        yield return $"Computing was timed just now on {options.Threads} threads with a stand-in of these shapes, which reads no weights; "
            + "whatever else ran meanwhile slowed it. The first tokens of a process are slower, while their code is compiled: for small "
            + "models that shows.";
        yield return $"Attention looks back over {options.ContextTokens / 2} tokens, half of the context.";
        if (options.Predictor.Kind is PredictorKind.LowRank or PredictorKind.Svd or PredictorKind.Sketch)
        {
            yield return $"The {options.Predictor.Name} predictor is taken to predict "
                + $"{GenerationPlanner.PredictedPerActive(options.Predictor):0.0} neurons for each that fires.";
        }
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        if (strategy.ReadsAhead)
        {
            string found = $"the lookahead finds {lookahead.Found:0%} of what the next layers lack, at a precision of "
                + $"{lookahead.Precision:0%}";
            yield return lookahead.IsMeasured
                ? $"By the figures of its training, which count cached neurons too, {found}."
                : $"Assumed from the number of layers: {found}. Compare 'read ahead' of a generation.";
        }
        if (strategy.Order is not null)
            yield return $"The strategy {strategy.Name} is defined with neurons in a certain order, which generate insists on.";

        static string HowToTrace(PlanSubject subject) => subject.Image is null
            ? "pack the model and record it with 'neuralink trace', then give --trace"
            : "record this one with 'neuralink trace', then give --trace, or place the image by it, which keeps a sample";
    }
}
