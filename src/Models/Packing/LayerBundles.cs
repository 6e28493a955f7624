using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Image;

namespace Neuralink.Models.Packing;

/// <summary>
/// Cuts one layer's FFN into bundles. The matrices of a layer are held whole, because a bundle needs a column of the down matrix, which
/// lies across all of its rows.
/// </summary>
internal sealed class LayerBundles
{
    /// <summary>Bundles built at a time: the down matrix is then read in runs of this many elements instead of one by one.</summary>
    public const int BlockNeurons = 64;

    private readonly Checkpoint _source;
    private readonly ModelConfig _config;
    private readonly BundleLayout _layout;
    private readonly byte[]? _gate;
    private readonly byte[]? _up;
    private readonly byte[] _down;
    private readonly byte[]? _gateBias;
    private readonly byte[]? _upBias;
    private readonly byte[] _block;
    private readonly WeightKernels _downKernels;
    private readonly WeightFormat _downFormat;         // of _down: the bundles' own, or float32 to be rounded column by column
    private readonly float[] _columns;

    public LayerBundles(Checkpoint source, BundleLayout layout)
    {
        _source = source;
        _config = source.Config;
        _layout = layout;
        int matrixBytes = checked(_config.FfnSize * layout.RowBytes), biasBytes = _config.FfnSize * sizeof(float);
        _downKernels = WeightKernels.For(layout.Format.Down);
        _downFormat = _downKernels.QuantizesInput ? WeightFormat.F32 : layout.Format.Down;
        bool hasGate = layout is { Gated: true, HasDeciding: true }, hasUp = layout.Gated || layout.HasDeciding;
        _gate = hasGate ? new byte[matrixBytes] : null;
        _up = hasUp ? new byte[matrixBytes] : null;
        _down = new byte[checked(_config.FfnSize * WeightKernels.For(_downFormat).RowBytes(_config.HiddenSize))];
        _columns = _downKernels.QuantizesInput ? new float[BlockNeurons * _config.HiddenSize] : [];
        _gateBias = hasGate && layout.Biased ? new byte[biasBytes] : null;
        _upBias = hasUp && layout.Biased ? new byte[biasBytes] : null;
        _block = new byte[BlockNeurons * layout.StrideBytes];
    }

    /// <summary>Reads the matrices of <paramref name="layer"/>.</summary>
    public void Load(int layer)
    {
        LayerModules m = TensorNames.Layer(_config, layer);
        foreach (TensorSpec spec in TensorCatalog.Layer(_config, layer).Where(s => s.Place == TensorPlace.Neurons))
        {
            byte[]? target = spec.Name == $"{m.Gate}.weight" ? _gate
                : spec.Name == $"{m.Up}.weight" ? _up
                : spec.Name == $"{m.Down}.weight" ? _down
                : spec.Name == $"{m.Gate}.bias" ? _gateBias
                : _upBias;
            if (target is null)
                continue;
            int rowBytes = target.Length / spec.Rows;
            TensorReader.ReadRows(
                _source, spec, spec.FormatIn(target == _down ? _downFormat : _layout.Format.Rows),
                (begin, _, rows) => rows.CopyTo(target.AsSpan(begin * rowBytes)));
        }
    }

    /// <summary>
    /// The bundles of neurons <paramref name="begin"/> to <paramref name="end"/>, sealed, [count, stride]. Valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> Block(int begin, int end)
    {
        Span<byte> block = _block.AsSpan(0, (end - begin) * _layout.StrideBytes);
        block.Clear();
        for (int n = begin; n < end; n++)
            CopyRows(n, block.Slice((n - begin) * _layout.StrideBytes, _layout.StrideBytes));
        if (_columns.Length > 0)
            RoundDown(begin, end, block);
        else if (_downFormat == WeightFormat.F32)
            TransposeDown<float>(begin, end, block);
        else
            TransposeDown<ushort>(begin, end, block);
        for (int at = 0; at < block.Length; at += _layout.StrideBytes)
            BundleCrc.Seal(block.Slice(at, _layout.StrideBytes));
        return block;
    }

    private void CopyRows(int neuron, Span<byte> bundle)
    {
        int rowBytes = _layout.RowBytes, biasAt = _layout.BiasOffset;
        _gate?.AsSpan(neuron * rowBytes, rowBytes).CopyTo(bundle[_layout.DecidingOffset..]);
        _up?.AsSpan(neuron * rowBytes, rowBytes).CopyTo(bundle[_layout.UpOffset..]);
        foreach (byte[]? biases in (ReadOnlySpan<byte[]?>)[_gateBias, _upBias])
        {
            if (biases is null)
                continue;
            biases.AsSpan(neuron * sizeof(float), sizeof(float)).CopyTo(bundle[biasAt..]);
            biasAt += sizeof(float);
        }
    }

    private void TransposeDown<T>(int begin, int end, Span<byte> block)
        where T : unmanaged
    {
        ReadOnlySpan<T> down = MemoryMarshal.Cast<byte, T>(_down);                           // [d, f]
        Span<T> bundles = MemoryMarshal.Cast<byte, T>(block[_layout.DownOffset..]);
        Transpose(down, begin, end, bundles, _layout.StrideBytes / (_layout.DownBytes / _config.HiddenSize));
    }

    /// <summary>The scales of a block format run along the column, so each column is rounded as one row.</summary>
    private void RoundDown(int begin, int end, Span<byte> block)
    {
        Transpose(MemoryMarshal.Cast<byte, float>(_down), begin, end, _columns, _config.HiddenSize);
        for (int n = 0; n < end - begin; n++)
        {
            Span<byte> bundle = block.Slice(n * _layout.StrideBytes, _layout.StrideBytes);
            _downKernels.Encode(
                _columns.AsSpan(n * _config.HiddenSize, _config.HiddenSize), bundle.Slice(_layout.DownOffset, _layout.DownBytes));
        }
    }

    /// <summary>columns[n * stride + row] = down[row, begin + n]; down: [d, f].</summary>
    private void Transpose<T>(ReadOnlySpan<T> down, int begin, int end, Span<T> columns, int stride)
        where T : unmanaged
    {
        for (int row = 0; row < _config.HiddenSize; row++)
        {
            ReadOnlySpan<T> run = down.Slice((row * _config.FfnSize) + begin, end - begin);
            for (int n = 0; n < run.Length; n++)
                columns[(n * stride) + row] = run[n];
        }
    }
}
