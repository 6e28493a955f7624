namespace Neuralink.Models.Sampling;

/// <summary>
/// A token and its logit in one number, ordered so that ascending numbers are descending logits, and ascending ids among
/// equal logits: candidates sort and compare as plain integers.
/// Bits 63..32 are the logit's, mapped to that order; bits 31..0 the id.
/// </summary>
internal static class Candidate
{
    private const uint SignBit = 0x8000_0000;

    /// <summary>The candidate of token <paramref name="id"/>; its logit is not NaN.</summary>
    public static ulong Pack(float logit, int id)
    {
        // Adding zero turns -0 into +0, which must not rank below it.
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        uint ascending = (bits & SignBit) != 0 ? ~bits : bits | SignBit;
        return ((ulong)~ascending << 32) | (uint)id;
    }

    public static int IdOf(ulong candidate) => (int)(uint)candidate;

    public static float LogitOf(ulong candidate)
    {
        uint ascending = ~(uint)(candidate >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & SignBit) != 0 ? ascending & ~SignBit : ~ascending);
    }
}
