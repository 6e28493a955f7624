using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Tests.Tracing;
using Neuralink.Models.Tracing;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Inference.Predictors;

public sealed class OraclePredictorTests : IDisposable
{
    private const int Tokens = 20;

    // 131 neurons: two words and a ragged one.
    private readonly RandomModel _model = new(RandomModels.ByName("bamboo-drelu"));
    private readonly PackedModel _packed;
    private readonly TracedModel _traced;
    private readonly NativeArena _arena = new(1 << 22);
    private readonly WorkerPool _pool = new(1);
    private readonly FlashImage _image;
    private readonly ModelConfig _config;
    private readonly ActivationMatrix[] _layers;
    private readonly OraclePredictor _oracle;
    private readonly NeuronSet _set;
    private readonly FloatTensor _input;
    private readonly KvBlockPool _blocks;

    public OraclePredictorTests()
    {
        _packed = new PackedModel(_model.Folder);
        _traced = new TracedModel(_packed.Folder);
        _traced.Trace("a", TokenWindows.Cut([[.. Enumerable.Range(0, Tokens).Select(i => (i * 37) % 257)]], Tokens));
        _image = FlashImage.Open(_packed.Folder);
        _config = ModelConfigJson.Read(_image);
        _layers = _traced.Layers("a");
        using ActivationTrace trace = ActivationTrace.Open(_traced.PathOf("a"));
        _oracle = OraclePredictor.Load(trace, _image, _config);
        _set = new NeuronSet(_config.FfnSize);
        _input = new FloatTensor(_arena, Tokens, _config.HiddenSize, "input");
        _blocks = new KvBlockPool(_arena, _config, blockCount: 40);
    }

    [Fact]
    public void A_batch_gets_what_fired_for_any_of_its_positions_in_any_layer()
    {
        foreach ((int position, int batch) in (ReadOnlySpan<(int, int)>)[(0, 1), (7, 1), (3, 5), (0, Tokens)])
        {
            _oracle.BeginPass(Pass((position, batch)));
            for (int layer = 0; layer < _config.LayerCount; layer++)
            {
                (int Token, int Neuron)[] fired =
                [
                    .. from b in Enumerable.Range(position, batch)
                       from n in Enumerable.Range(0, _config.FfnSize)
                       where _layers[layer].IsActive(b, new NeuronId(n))
                       select (b, n),
                ];

                int pairs = _oracle.Predict(_pool, layer, _input, batch, _set);

                pairs.Should().Be(fired.Length);
                _set.Ids.ToArray().Select(id => id.Value).Should().Equal(fired.Select(pair => pair.Neuron).Distinct().Order());
            }
        }
    }

    [Fact]
    public void Each_row_gets_what_fired_at_its_own_position()
    {
        _oracle.BeginPass(Pass((9, 2), (0, 3), (17, 1)));
        (int Token, int Neuron)[] fired =
        [
            .. from b in (int[])[9, 10, 0, 1, 2, 17]
               from n in Enumerable.Range(0, 131)
               where _layers[1].IsActive(b, new NeuronId(n))
               select (b, n),
        ];
        _oracle.Predict(_pool, 1, _input, 6, _set).Should().Be(fired.Length);
        _set.Ids.ToArray().Select(id => id.Value).Should().Equal(fired.Select(pair => pair.Neuron).Distinct().Order());
    }

    [Fact]
    public void A_run_beyond_the_trace_is_told_how_long_the_trace_is()
    {
        _oracle.BeginPass(Pass((Tokens - 2, 2)));
        FluentActions.Invoking(() => _oracle.BeginPass(Pass((0, 2), (Tokens - 2, 3))))
            .Should().Throw<NeuralinkException>().WithMessage("*position 20*20 tokens*");
    }

    [Fact]
    public void A_trace_of_another_model_is_refused()
    {
        using RandomModel other = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(other.Folder);
        FlashImage image = FlashImage.Open(packed.Folder);
        using ActivationTrace trace = ActivationTrace.Open(_traced.PathOf("a"));
        FluentActions.Invoking(() => OraclePredictor.Load(trace, image, ModelConfigJson.Read(image))).Should().Throw<NeuralinkException>();
    }

    [Fact]
    public void Predicting_another_batch_than_the_passs_is_an_error()
    {
        _oracle.BeginPass(Pass((0, 2)));
        FluentActions.Invoking(() => _oracle.Predict(_pool, 0, _input, 3, _set)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Predicting_allocates_nothing()
    {
        ForwardPass first = Pass((0, 3)), second = Pass((3, 3));
        _oracle.BeginPass(first);
        _oracle.Predict(_pool, 0, _input, 3, _set);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _oracle.BeginPass(second);
        _oracle.Predict(_pool, 1, _input, 3, _set);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    /// <summary>A pass over one sequence for each of <paramref name="parts"/>: so many tokens from that position on.</summary>
    private ForwardPass Pass(params ReadOnlySpan<(int Position, int Count)> parts)
    {
        ForwardPass pass = new(2 * Tokens);
        foreach ((int position, int count) in parts)
        {
            KvSequence sequence = new(_blocks, 2 * Tokens);
            sequence.Append(position);
            pass.Add(sequence, new int[count], logits: 0);
        }
        return pass;
    }

    public void Dispose()
    {
        _pool.Dispose();
        _arena.Dispose();
        _traced.Dispose();
        _packed.Dispose();
        _model.Dispose();
    }
}
