using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class ModelOrderingTests
{
    private const int Layers = 7;

    [Theory]
    [InlineData(PlacementMethod.Random)]
    [InlineData(PlacementMethod.Neuralink)]
    public void The_order_is_the_same_on_any_number_of_threads_with_any_memory(PlacementMethod method)
    {
        IEnumerable<ActivationMatrix> traces = Enumerable.Range(0, Layers).Select(layer => Trace(new LayerIndex(layer)));
        int[][] alone = [.. traces.Select(trace => LayerOrdering.NeuronOfSlot(trace, Options(method)))];
        (int, long, long)[] resources = [(1, 1 << 30, 1 << 20), (4, 1 << 30, 32), (4, 0, 1 << 12)];
        foreach ((int threads, long memoryBytes, long pairBytes) in resources)
        {
            OrderingOptions options = Options(method) with { Threads = threads, MemoryBytesMax = memoryBytes, PairBytesMax = pairBytes };
            ModelOrder order = ModelOrdering.Order(Layers, Trace, options, TimeProvider.System);
            order.Layers.Select(layer => layer.NeuronOfSlot.ToArray()).Should().BeEquivalentTo(alone, o => o.WithStrictOrdering());
        }
    }

    [Fact]
    public void Progress_ascends_to_one_and_the_stages_times_add_up()
    {
        Steps steps = new();
        ModelOrder order = ModelOrdering.Order(Layers, Trace, Options(PlacementMethod.Neuralink), new Ticking(), steps);
        steps.Values.Should().Equal(Enumerable.Range(1, Layers).Select(layer => layer / (double)Layers));
        TimeSpan[] stages = [order.Times.Counting, order.Times.Sorting, order.Times.Linking];
        stages.Should().OnlyContain(time => time > TimeSpan.Zero);
        order.Times.Total.Should().Be(stages[0] + stages[1] + stages[2]);
    }

    [Fact]
    public void A_model_of_no_layers_is_ordered() =>
        ModelOrdering.Order(0, Trace, Options(PlacementMethod.Neuralink), TimeProvider.System).Layers.Should().BeEmpty();

    [Fact]
    public void What_goes_wrong_in_reading_a_trace_is_what_the_caller_sees()
    {
        OrderingOptions options = Options(PlacementMethod.Neuralink) with { Threads = 3 };
        Action act = () => ModelOrdering.Order(Layers, Load, options, TimeProvider.System);
        act.Should().Throw<InvalidDataException>().WithMessage("cut off");

        static ActivationMatrix Load(LayerIndex layer) => layer.Value == 3 ? throw new InvalidDataException("cut off") : Trace(layer);
    }

    [Fact]
    public void A_cancelled_ordering_ends()
    {
        using CancellationTokenSource cancellation = new();
        OrderingOptions options = Options(PlacementMethod.Neuralink);
        Action act = () => ModelOrdering.Order(Layers, Load, options, TimeProvider.System, cancellation: cancellation.Token);
        act.Should().Throw<OperationCanceledException>();

        ActivationMatrix Load(LayerIndex layer)
        {
            cancellation.Cancel();
            return Trace(layer);
        }
    }

    private static ActivationMatrix Trace(LayerIndex layer) => RandomTrace.Create(90 + layer.Value, 60, layer.Value);

    private static OrderingOptions Options(PlacementMethod method) => new() { Method = method, StrideBytes = 1024, Threads = 2 };

    private sealed class Steps : IProgress<double>
    {
        public List<double> Values { get; } = [];

        public void Report(double value) => Values.Add(value);
    }

    /// <summary>A clock that advances by a microsecond each time it is read.</summary>
    private sealed class Ticking : TimeProvider
    {
        private long _micros;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => Interlocked.Increment(ref _micros);
    }
}
