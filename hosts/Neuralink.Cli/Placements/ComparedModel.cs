using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Placements;

/// <summary>The model that all traces of a comparison must be of.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Digest">What its traces carry.</param>
/// <param name="LayerCount">Layers.</param>
/// <param name="NeuronCount">Neurons of each layer.</param>
/// <param name="StrideBytes">Bytes of a bundle on flash.</param>
internal sealed record ComparedModel(string Name, string Digest, int LayerCount, int NeuronCount, int StrideBytes)
{
    public static ComparedModel Of(FlashImage image, string name) =>
        new(name, image.ModelDigest, image.LayerCount, image.SlotCount, image.StrideBytes);

    /// <summary>Whatever model the training trace is of: it need not be at hand, or exist.</summary>
    public static ComparedModel Of(ActivationTrace train)
    {
        ActivationTraceInfo info = train.Info;
        return new ComparedModel($"the model of {train.Path}", info.ModelDigest, info.LayerCount, info.NeuronCount, info.StrideBytes);
    }

    /// <exception cref="NeuralinkException">The trace is of another model.</exception>
    public void Expect(ActivationTrace trace)
    {
        trace.ExpectModel(Name, Digest, LayerCount, NeuronCount);
        if (trace.Info.StrideBytes != StrideBytes)
        {
            throw new NeuralinkException(
                $"use {trace.Path} for {Name}", $"bundles of {StrideBytes} bytes", $"{trace.Info.StrideBytes}",
                "trace this very model with 'neuralink trace'");
        }
    }
}
