using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// Finds out whether all layers have one FFN (MobiLlama, arXiv 2402.16840). No configuration says so: a checkpoint has it in layer 0 alone,
/// or as many equal copies as there are layers.
/// </summary>
internal static class SharedFfn
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Whether <paramref name="checkpoint"/> has one FFN for all layers.</summary>
    /// <param name="checkpoint">Whose configuration does not know yet.</param>
    /// <param name="has">Whether it has a tensor of a name.</param>
    public static bool IsIn(Checkpoint checkpoint, Func<string, bool> has)
    {
        ModelConfig config = checkpoint.Config;
        string[][] layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => FfnOf(config, layer))];
        if (layers.Length == 1 || !layers[0].All(has))
            return false;
        if (layers.Skip(1).All(layer => !layer.Any(has)))
            return true;
        return layers.Skip(1).All(layer => layer.All(has)) && layers.Skip(1).All(layer => AreEqual(checkpoint, layers[0], layer));
    }

    private static string[] FfnOf(ModelConfig config, int layer)
    {
        LayerModules m = TensorNames.Layer(config, layer);
        return
        [
            .. TensorCatalog.Layer(config, layer).Select(spec => spec.Name)
                .Where(name => name.StartsWith($"{m.Deciding}.", StringComparison.Ordinal)
                    || name.StartsWith($"{m.Up}.", StringComparison.Ordinal) || name.StartsWith($"{m.Down}.", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    // Of other models the first bytes differ, and no more is read.
    private static bool AreEqual(Checkpoint checkpoint, string[] first, string[] second) => first.Zip(second).All(pair =>
    {
        SourceTensor a = checkpoint.Get(pair.First), b = checkpoint.Get(pair.Second);
        if (a.Type.Name != b.Type.Name || a.LengthBytes != b.LengthBytes)
            return false;
        byte[] piece = new byte[PieceBytes], other = new byte[PieceBytes];
        for (long at = 0, length = 64; at < a.LengthBytes; at += length, length = PieceBytes)
        {
            int count = (int)Math.Min(length, a.LengthBytes - at);
            checkpoint.Read(a, at, piece.AsSpan(0, count));
            checkpoint.Read(b, at, other.AsSpan(0, count));
            if (!piece.AsSpan(0, count).SequenceEqual(other.AsSpan(0, count)))
                return false;
        }
        return true;
    });
}
