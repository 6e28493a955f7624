namespace Neuralink.Benchmarks.Kernels;

/// <summary>
/// The fused sparse FFN as the engine runs it: a layer's firing neurons lie in random frames of one arena; workers split the neurons to
/// activate them, then the columns to add the down parts. Every gate fires, so every byte is read. No frame is read twice in a pass.
/// </summary>
internal sealed class SparseFfnCase : IKernelCase
{
    private readonly HugeBuffer _buffer;
    private readonly BundleLayout _layout;
    private readonly BundleKernels _kernels;
    private readonly ActivateBody _activate;
    private readonly AddDownBody _addDown;
    private readonly int[] _frames;
    private readonly int _neurons;
    private readonly int _batch;
    private readonly Memory<float> _x;
    private readonly Memory<float> _h;
    private readonly Memory<float> _y;
    private int _first;

    public SparseFfnCase(HugeBuffer buffer, WeightFormat format, int hidden, int neurons, int batch)
    {
        _buffer = buffer;
        _layout = new BundleLayout(format, hidden, gated: true, biased: false);
        _kernels = new BundleKernels(_layout, Activation.Relu);
        _activate = new ActivateBody(this);
        _addDown = new AddDownBody(this);
        _neurons = neurons;
        _batch = batch;
        _frames = new int[buffer.LengthBytes / _layout.StrideBytes];
        for (int i = 0; i < _frames.Length; i++)
        {
            _frames[i] = i;
        }

        new Random(1).Shuffle(_frames);
        _x = AlignedFloats.Create(batch * hidden, 0.5f);
        _h = AlignedFloats.Create(neurons * batch, 0f);
        _y = AlignedFloats.Create(batch * hidden, 0f);
        Name = $"{format} sparse FFN, d {hidden}" + (batch == 1 ? "" : $", x {batch}");
    }

    public string Name { get; }

    public long BytesRead => (long)(_frames.Length / _neurons) * _neurons * _layout.PayloadBytes;

    public void Pass(WorkerPool pool)
    {
        for (_first = 0; _first <= _frames.Length - _neurons; _first += _neurons)
        {
            _y.Span.Clear();
            pool.Run(_activate, _neurons, 4);
            pool.Run(_addDown, _layout.Hidden, 64);
        }
    }

    private BundleFrames Bundles(int begin, int end) => new(
        _buffer.Slice(0, _layout.StrideBytes), _frames.Length, _layout.StrideBytes, _frames.AsSpan(_first + begin, end - begin));

    private sealed class ActivateBody(SparseFfnCase owner) : IParallelBody
    {
        public void Execute(int begin, int end, int worker)
            => owner._kernels.Activate(
                owner.Bundles(begin, end),
                owner._x.Span,
                owner._batch,
                owner._h.Span[(begin * owner._batch)..(end * owner._batch)]);
    }

    private sealed class AddDownBody(SparseFfnCase owner) : IParallelBody
    {
        public void Execute(int begin, int end, int worker)
            => owner._kernels.AddDown(owner.Bundles(0, owner._neurons), owner._h.Span, owner._y.Span, owner._batch, begin, end);
    }
}
