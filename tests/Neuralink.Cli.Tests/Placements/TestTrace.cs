using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Cli.Tests.Placements;

/// <summary>Traces of chance, in which neurons far apart in the model fire together.</summary>
internal static class TestTrace
{
    private const int GroupNeurons = 16, GroupsPerToken = 8;

    /// <summary>What a trace of <paramref name="image"/> says about itself.</summary>
    public static ActivationTraceInfo InfoOf(FlashImage image, int tokens) => new()
    {
        ModelDigest = image.ModelDigest,
        ModelName = "test",
        LayerCount = image.LayerCount,
        NeuronCount = image.SlotCount,
        TokenCount = tokens,
        StrideBytes = image.StrideBytes,
        Texts = "chance.txt",
        TextsDigest = new string('0', 64),
    };

    /// <summary>
    /// Writes a trace in which a token fires some of the groups, each of the neurons n, n + groups, n + 2 groups and so on.
    /// </summary>
    public static void Write(string path, ActivationTraceInfo info)
    {
        Random random = new(7);
        int groups = info.NeuronCount / GroupNeurons, rowWords = ActivationMatrix.WordsPerTokenOf(info.NeuronCount);
        ulong[] rows = new ulong[info.TokenCount * rowWords];
        for (int token = 0; token < info.TokenCount; token++)
        {
            for (int i = 0; i < GroupsPerToken; i++)
            {
                for (int neuron = random.Next(groups); neuron < groups * GroupNeurons; neuron += groups)
                    rows[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
            }
        }
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, info);
        for (int layer = 0; layer < info.LayerCount; layer++)
            writer.Write(new LayerIndex(layer), 0, rows);
        writer.Complete();
    }
}
