using BenchmarkDotNet.Attributes;

namespace Neuralink.Benchmarks.Kernels;

/// <summary>Single calls on one thread, with weights in the cache: the arithmetic alone.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks
{
    private const int Hidden = 1024;
    private const int Rows = 64;
    private const int Batch = 16;
    private const int HeadDim = 64;
    private const int Heads = 4;
    private const int Positions = 1024;
    private const int BlockPositions = 32;

    private readonly Memory<float> _x = AlignedFloats.Create(Batch * Hidden, 0.5f);
    private readonly Memory<float> _y = AlignedFloats.Create(Batch * Hidden, 0f);
    private readonly Memory<float> _scores = AlignedFloats.Create(Heads * Positions, 0f);
    private readonly Half[] _cache = new Half[Positions * HeadDim];
    private readonly int[] _scattered = [.. Enumerable.Range(0, Positions / BlockPositions).Reverse()];
    private byte[] _weights = [];
    private WeightKernels _kernels = WeightKernels.For(WeightFormat.F16);
    private BundleKernels _bundles = new(new BundleLayout(WeightFormat.F16, Hidden, gated: true, biased: false), Activation.Relu);

    [Params(WeightFormat.F16, WeightFormat.BF16, WeightFormat.F32)]
    public WeightFormat Format { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _kernels = WeightKernels.For(Format);
        _weights = new byte[_kernels.RowBytes(Rows * Hidden)];
        float[] values = new float[Rows * Hidden];
        Array.Fill(values, 0.25f);
        _kernels.Encode(values, _weights);
        _bundles = new BundleKernels(new BundleLayout(Format, Hidden, gated: true, biased: false), Activation.Relu);
    }

    [Benchmark]
    public float Dot() => _kernels.Dot(_weights.AsSpan(0, _kernels.RowBytes(Hidden)), _x.Span[..Hidden]);

    [Benchmark]
    public void MatrixVector64Rows()
        => _kernels.MatMul(_weights, _x.Span[..Hidden], [], _y.Span[..Rows], MatMulShape.Whole(Rows, Hidden, 1));

    [Benchmark]
    public void MatMul64RowsBatch16()
        => _kernels.MatMul(_weights, _x.Span, [], _y.Span[..(Batch * Rows)], MatMulShape.Whole(Rows, Hidden, Batch));

    [Benchmark]
    public void Activate() => _bundles.Activate(_weights, _x.Span[..Hidden], 1, _scores.Span[..1]);

    [Benchmark]
    public void AddDown() => _bundles.AddDown(_weights, _x.Span[..1], _y.Span[..Hidden], 1, 0, Hidden);

    [Benchmark]
    public void AttendFourHeads1024Positions() => Attend(KvHead.Contiguous(_cache, _cache));

    /// <summary>No block lies beside the next, as where many sequences grow at once.</summary>
    [Benchmark]
    public void AttendFourHeads1024PositionsInScatteredBlocks() => Attend(new KvHead(_cache, _cache, _scattered, BlockPositions));

    private void Attend(KvHead kv)
        => Attention.Attend(
            _x.Span[..(Heads * HeadDim)], kv, new AttentionShape(HeadDim, Heads, 0, Positions), _scores.Span, _y.Span[..(Heads * HeadDim)]);
}
