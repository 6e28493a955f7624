using Akka.Actor;
using Neuralink.Actors;
using Neuralink.Actors.Cache;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Hosting;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>
/// `layers`: what the pipeline itself costs. The engine's own actors and state machines run forward passes of one token over the bundled
/// model's shape, with
/// all neurons cached and with arithmetic that does nothing: what is left is messages, leases and the cache's bookkeeping.
/// </summary>
internal static class LayersCommand
{
    private const int WarmUpPasses = 2000, PassesPerRound = 1000;

    // Of 2048 neurons, as many as fire of the bundled model at a token.
    private const int ActiveNeurons = 105;

    public static async Task<int> RunAsync(string[] arguments)
    {
        int rounds = 7;
        for (int i = 0; i + 1 < arguments.Length; i += 2)
        {
            if (arguments[i] != "--rounds")
            {
                Console.Error.WriteLine($"layers: unknown option {arguments[i]}");
                return 2;
            }
            rounds = int.Parse(arguments[i + 1]);
        }

        string root = Directory.CreateTempSubdirectory("neuralink-bench-").FullName;
        try
        {
            string image = Path.Combine(root, "model.nlk");
            using (Checkpoint checkpoint = Checkpoint.Open(BundledModel.Folder))
                ModelPacker.Pack(checkpoint, image, new PackOptions());
            ExecutionStrategy[] strategies = [ExecutionStrategy.Serial, ExecutionStrategy.Cluster, ExecutionStrategy.PrefetchCluster];
            foreach (ExecutionStrategy strategy in strategies)
                await MeasureAsync(image, strategy, rounds);
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task MeasureAsync(string image, ExecutionStrategy strategy, int rounds)
    {
        EngineOptions options = new() { Strategy = strategy, Cache = CacheSize.OfShare(1), Threads = 2 };
        using EngineResources resources = EngineResources.Load(
            image, options, timeline: null, TimeProvider.System, decorate: null, CancellationToken.None);
        int layers = resources.Config.LayerCount;
        ActorSystem system = ActorHosting.NewSystem();
        Props runner = Props.Create(() => new PassRunner(resources.Parts)).WithDispatcher(ActorHosting.ComputeDispatcher);
        IActorRef passes = system.ActorOf(runner);
        await passes.Ask<TimeSpan>(WarmUpPasses);
        List<double> micros = [];
        for (int round = 0; round < rounds; round++)
            micros.Add((await passes.Ask<TimeSpan>(PassesPerRound)).TotalMicroseconds / PassesPerRound / layers);
        await system.Terminate();
        micros.Sort();
        Console.WriteLine(
            $"{StrategySwitches.Of(strategy).Name,-16} {micros[rounds / 2],6:0.0} us a layer of {ActiveNeurons} neurons, all cached "
            + $"(median of {rounds} rounds; {micros[0]:0.0} to {micros[^1]:0.0})");
    }

    /// <summary>Asks for passes as Generation does, one after the other.</summary>
    private sealed class PassRunner : ReceiveActor
    {
        // One token, of a sequence that no arithmetic looks at.
        private static readonly SequencePart[] s_parts = [new(Sequence: null!, new[] { 1 }, LogitsCount: 1, static (_, _) => { })];

        private readonly IActorRef _compute;
        private IActorRef _asker = ActorRefs.Nobody;
        private long _pass;
        private int _left;
        private long _start;

        public PassRunner(PipelineParts parts)
        {
            PipelineStates states = parts.States;
            PredictorSetup predictor = parts.Predictor with { Prediction = new NoPrediction() };
            ComputeSetup compute = parts.Compute with { Pass = new NoPass() };
            IActorRef io = Context.ActorOf(IoActor.Props(parts.Io, states.Fetch));
            IActorRef cache = Context.ActorOf(CacheActor.Props(parts.Residency, states, parts.Warm, io));
            IActorRef prediction = Context.ActorOf(PredictorActor.Props(predictor, states.Sets, cache));
            _compute = Context.ActorOf(ComputeActor.Props(compute, prediction, cache));
            Receive<int>(count =>
            {
                (_asker, _left, _start) = (Sender, count, TimeProvider.System.GetTimestamp());
                RunNext();
            });
            Receive<PassProtocol.PassDone>(_ =>
            {
                if (--_left > 0)
                    RunNext();
                else
                    _asker.Tell(TimeProvider.System.GetElapsedTime(_start));
            });
        }

        private void RunNext() =>
            _compute.Tell(new PassProtocol.RunPass(new PassId(++_pass), s_parts), Self);
    }

    private sealed class NoPass : IForwardPass
    {
        public void Begin(IReadOnlyList<SequencePart> parts)
        {
        }

        public void Attend(LayerIndex layer)
        {
        }

        public int Activate(ReadOnlyMemory<int> ordinals, FrameLease lease) => ordinals.Length;

        public void AddDown(ReadOnlyMemory<int> frames)
        {
        }

        public void EndLayer(LayerIndex layer)
        {
        }

        public int LogitRows => 1;

        public ReadOnlySpan<float> Logits(int first, int count) => default;
    }

    /// <summary>The same neurons each time, spread over the layer.</summary>
    private sealed class NoPrediction : INeuronPrediction
    {
        public void BeginPass()
        {
        }

        public int Predict(LayerIndex layer, int batch, NeuronSet set)
        {
            for (int i = 0; i < ActiveNeurons; i++)
                set.Add(new NeuronId((i * 19) + layer.Value));
            return ActiveNeurons;
        }

        public void LookAhead(LayerIndex target, LookaheadRank rank, int input, int batch, NeuronSet set) => Predict(target, batch, set);
    }
}
