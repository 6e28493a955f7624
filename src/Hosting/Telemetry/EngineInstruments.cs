using System.Diagnostics.Metrics;

namespace Neuralink.Hosting;

/// <summary>
/// What telemetry is told of this process's engine, whenever it asks (neuralink.*). Until the engine is open there is nothing to tell.
/// </summary>
internal static class EngineInstruments
{
    public static void Add(Meter meter, Func<NeuralinkEngine?> engine)
    {
        Total("neuralink.flash.bytes_read", "By", "Bytes read from flash.", totals => totals.Io.BytesRead);
        Total("neuralink.flash.reads", "{read}", "Read commands.", totals => totals.Io.Reads);
        Total("neuralink.flash.retries", "{read}", "Reads that were repeated because they failed.", totals => totals.Io.Retries);
        Total("neuralink.neurons.wanted", "{neuron}", "Neurons that passes needed.", totals => totals.Io.Wanted);
        Total("neuralink.cache.hits", "{neuron}", "Of them, those that earlier use had left in DRAM.", totals => totals.Io.CacheHits);
        Total("neuralink.lookahead.hits", "{neuron}", "Of them, those that were being read ahead, or had been.", ReadAhead);
        Total("neuralink.demand_misses", "{neuron}", "Of them, those that were read when they were wanted.", t => t.Io.DemandMisses);
        Total("neuralink.lookahead.wasted", "{neuron}", "Neurons read ahead in vain.", totals => totals.Io.PrefetchWasted);
        Total("neuralink.tokens.prompt", "{token}", "Tokens of prompts.", totals => totals.PromptTokens);
        Total("neuralink.tokens.reused", "{token}", "Of them, those that earlier texts began with.", totals => totals.ReusedTokens);
        Total("neuralink.tokens.generated", "{token}", "Tokens that were generated.", totals => totals.GeneratedTokens);
        meter.CreateObservableCounter(
            "neuralink.flash.wait", () => Observe(e => e.Totals.Io.WaitMillis / 1000), "s", "Computing waited for flash.");
        meter.CreateObservableGauge(
            "neuralink.cache.hit_rate", () => Observe(e => e.Totals.Io.CacheHitRate), "1", "Share of wanted neurons that were in DRAM.");
        meter.CreateObservableCounter("neuralink.requests", Requests, "{request}", "Texts that are over.");
        State("neuralink.requests.running", "{request}", "Texts that have a place in passes.", status => status.Running);
        State("neuralink.requests.waiting", "{request}", "Texts that wait for a place.", status => status.Waiting);
        State("neuralink.requests.paused", "{request}", "Running texts whose readers do not read.", status => status.Paused);
        State("neuralink.kv.blocks", "{block}", "Blocks of keys and values there are.", status => status.KvBlocks);
        State("neuralink.kv.blocks.free", "{block}", "Of them, those that hold nothing.", status => status.KvBlocksFree);
        State("neuralink.kv.blocks.kept", "{block}", "Of them, those kept for texts to come.", status => status.KvBlocksKept);

        void Total(string name, string unit, string description, Func<EngineTotals, long> read) =>
            meter.CreateObservableCounter(name, () => Observe(e => read(e.Totals)), unit, description);

        void State(string name, string unit, string description, Func<EngineStatus, int> read) =>
            meter.CreateObservableGauge(name, () => Observe(e => read(e.Status)), unit, description);

        IEnumerable<Measurement<T>> Observe<T>(Func<NeuralinkEngine, T> read)
            where T : struct =>
            engine() is { } open ? [new Measurement<T>(read(open), Model(open))] : [];

        IEnumerable<Measurement<long>> Requests()
        {
            if (engine() is not { } open)
                return [];
            EngineTotals totals = open.Totals;
            return [Ended(totals.Finished, "finished"), Ended(totals.Failed, "failed"), Ended(totals.Cancelled, "cancelled")];

            Measurement<long> Ended(long count, string outcome) =>
                new(count, Model(open), new("neuralink.outcome", outcome));
        }
    }

    private static KeyValuePair<string, object?> Model(NeuralinkEngine engine) => new("gen_ai.request.model", engine.Name);

    private static long ReadAhead(EngineTotals totals) => totals.Io.PrefetchOnTime + totals.Io.PrefetchLate;
}
