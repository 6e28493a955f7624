using Neuralink.Models.Inference;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// The fused sparse FFN as the engine runs it: a layer's neurons lie in random frames of one arena; workers split the neurons to activate
/// them, then the columns to add the down parts of those that fire: about half of them, by their weights. No frame is read twice in a pass.
/// </summary>
internal sealed class SparseFfnCase : IKernelCase
{
    private readonly Steps _steps;
    private readonly HugeBuffer _buffer;
    private readonly BundleLayout _layout;
    private readonly BundleKernels _kernels;
    private readonly ActivateBody _activate;
    private readonly AddDownBody _addDown;
    private readonly int[] _frames;
    private readonly int _neurons;
    private readonly int _batch;
    private readonly Memory<float> _x;
    private readonly byte[] _quantized;
    private readonly Memory<float> _h;
    private readonly Memory<float> _y;
    private int _first;

    private SparseFfnCase(NormalWeights weights, WeightFormat format, int hidden, int neurons, int batch, Steps steps)
    {
        _steps = steps;
        BundleFormat bundles = new(format, format, LeavesDeciding: steps == Steps.Decided);
        _layout = new BundleLayout(bundles, hidden, gated: true, biased: false);
        _buffer = weights.Bundles(_layout);
        _kernels = new BundleKernels(_layout, Activation.Relu);
        _activate = new ActivateBody(this);
        _addDown = new AddDownBody(this);
        _neurons = neurons;
        _batch = batch;
        _frames = new int[_buffer.LengthBytes / _layout.StrideBytes];
        for (int i = 0; i < _frames.Length; i++)
            _frames[i] = i;

        new Random(1).Shuffle(_frames);
        _x = AlignedFloats.Create(batch * hidden, 0.5f);
        _quantized = WeightKernels.For(format).QuantizesInput ? MatrixVectorCase.QuantizedOf(_x.Span, hidden) : [];
        _h = AlignedFloats.Create(neurons * batch, 0.5f);
        _y = AlignedFloats.Create(batch * hidden, 0f);
        string what = steps switch { Steps.Down => "AddDown", Steps.Decided => "FFN, gates known", _ => "sparse FFN" };
        Name = $"{format} {what}, d {hidden}" + (batch == 1 ? "" : $", x {batch}");
        BytesRead = PassBytes();
    }

    private enum Steps
    {
        Whole,
        Decided,
        Down,
    }

    public string Name { get; }

    public long BytesRead { get; }

    private int LayerCount => _frames.Length / _neurons;

    /// <summary>Activates and adds the down parts.</summary>
    public static SparseFfnCase Whole(NormalWeights weights, WeightFormat format, int hidden, int neurons, int batch = 1)
        => new(weights, format, hidden, neurons, batch, Steps.Whole);

    /// <summary>The same of bundles without gates, whose values are known: all of them fire.</summary>
    public static SparseFfnCase Decided(NormalWeights weights, WeightFormat format, int hidden, int neurons)
        => new(weights, format, hidden, neurons, batch: 1, Steps.Decided);

    /// <summary>Adds the down parts of all neurons.</summary>
    public static SparseFfnCase AddDown(NormalWeights weights, WeightFormat format, int hidden, int neurons)
        => new(weights, format, hidden, neurons, batch: 1, Steps.Down);

    public void Pass(WorkerPool pool)
    {
        for (int layer = 0; layer < LayerCount; layer++)
        {
            _first = layer * _neurons;
            _y.Span.Clear();
            if (_steps != Steps.Down)
                pool.Run(_activate, _neurons, 4);

            pool.Run(_addDown, _layout.Hidden, SparseFfn.DownShare(pool, _layout.Hidden, _neurons, _batch));
        }
    }

    /// <summary>The gate row of every neuron, and the up and down parts of those that fire for any of the batch.</summary>
    private long PassBytes()
    {
        long neurons = (long)LayerCount * _neurons;
        if (_steps != Steps.Whole)
            return neurons * (_layout.DownBytes + (_steps == Steps.Decided ? _layout.RowBytes : 0));

        long active = 0;
        for (_first = 0; _first < neurons; _first += _neurons)
        {
            _activate.Execute(0, _neurons, 0);
            for (int n = 0; n < _neurons; n++)
                active += _h.Span.Slice(n * _batch, _batch).ContainsAnyExcept(0f) ? 1 : 0;
        }

        return (neurons + (2 * active)) * _layout.RowBytes;
    }

    private BundleFrames Bundles(int begin, int end) => new(
        _buffer.Slice(0, _layout.StrideBytes), _frames.Length, _layout.StrideBytes, _frames.AsSpan(_first + begin, end - begin));

    private sealed class ActivateBody(SparseFfnCase owner) : IParallelBody
    {
        public void Execute(int begin, int end, int worker)
        {
            ProductInput x = new(owner._x.Span, owner._quantized);
            Span<float> h = owner._h.Span[(begin * owner._batch)..(end * owner._batch)];
            if (owner._steps == Steps.Whole)
            {
                owner._kernels.Activate(owner.Bundles(begin, end), x, owner._batch, h);
                return;
            }

            h.Fill(0.5f);
            owner._kernels.ActivateDecided(owner.Bundles(begin, end), x, owner._batch, h);
        }
    }

    private sealed class AddDownBody(SparseFfnCase owner) : IParallelBody
    {
        public void Execute(int begin, int end, int worker)
            => owner._kernels.AddDown(owner.Bundles(0, owner._neurons), owner._h.Span, owner._y.Span, owner._batch, begin, end);
    }
}
