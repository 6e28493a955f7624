using Neuralink.Placement.Synthetic;
using Neuralink.Storage;

namespace Neuralink.Models.Training;

/// <summary>
/// A trace's tokens, shared out by whole blocks: neighbouring tokens are alike, and a token beside a held-out one would give it away.
/// A block is as long as a window is by default; a short trace has shorter ones.
/// </summary>
internal sealed class TokenSplit
{
    private const int BlockTokensMax = 256, BlocksMin = 16;

    private TokenSplit(int blockTokens, int[] training, int[] calibration, int[] heldOut)
    {
        BlockTokens = blockTokens;
        Training = training;
        Calibration = calibration;
        HeldOut = heldOut;
    }

    /// <summary>Tokens of a block; the last block of the trace may be shorter.</summary>
    public int BlockTokens { get; }

    /// <summary>Tokens to train on.</summary>
    public int[] Training { get; }

    /// <summary>Tokens that thresholds are set on, ascending.</summary>
    public int[] Calibration { get; }

    /// <summary>Tokens that figures are measured on, ascending.</summary>
    public int[] HeldOut { get; }

    /// <summary>Splits <paramref name="tokenCount"/> tokens.</summary>
    /// <param name="path">The trace, for the message.</param>
    /// <param name="tokenCount">Its tokens.</param>
    /// <param name="heldOutShare">Of the calibration, and of the held-out tokens.</param>
    /// <param name="seed">Chooses the blocks.</param>
    /// <exception cref="NeuralinkException">There are too few tokens.</exception>
    public static TokenSplit Of(string path, int tokenCount, double heldOutShare, ulong seed)
    {
        if (tokenCount < BlocksMin)
        {
            throw new NeuralinkException(
                $"train on {path}", $"at least {BlocksMin} tokens", $"{tokenCount}",
                "trace a longer text; some ten thousand tokens make a good predictor");
        }
        int blockTokens = Math.Min(BlockTokensMax, tokenCount / BlocksMin), blocks = (tokenCount + blockTokens - 1) / blockTokens;
        int[] order = [.. Enumerable.Range(0, blocks)];
        SplitMix64 random = new(seed);
        random.Shuffle(order);
        int apart = Math.Clamp((int)Math.Round(blocks * heldOutShare), 1, (blocks - 1) / 2);
        return new TokenSplit(blockTokens, Tokens(order[(2 * apart)..]), Tokens(order[..apart]), Tokens(order[apart..(2 * apart)]));

        int[] Tokens(int[] chosen) =>
            [
                .. chosen.Order()
                    .SelectMany(block => Enumerable.Range(block * blockTokens, Math.Min(blockTokens, tokenCount - (block * blockTokens))))
            ];
    }
}
