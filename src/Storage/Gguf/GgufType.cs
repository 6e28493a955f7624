namespace Neuralink.Storage.Gguf;

/// <summary>
/// The type of a tensor's elements: blocks of some elements, stored together in some bytes. Types that are no longer written, and those
/// that may come, are not in the table; a tensor of such a type cannot be measured, so its file is refused.
/// </summary>
/// <param name="Number">The format's number.</param>
/// <param name="Name">ggml's name in capitals, e.g. "Q4_K".</param>
/// <param name="BlockElements">Elements of a block, which are neighbours in a row.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
public sealed record GgufType(int Number, string Name, int BlockElements, int BlockBytes)
{
    // Numbers and sizes are those of ggml.h and ggml-common.h (ggml 0.18).
    private static readonly Dictionary<uint, GgufType> s_byNumber = new GgufType[]
    {
        new(0, "F32", 1, 4), new(1, "F16", 1, 2), new(30, "BF16", 1, 2), new(28, "F64", 1, 8),
        new(24, "I8", 1, 1), new(25, "I16", 1, 2), new(26, "I32", 1, 4), new(27, "I64", 1, 8),
        new(2, "Q4_0", 32, 18), new(3, "Q4_1", 32, 20), new(6, "Q5_0", 32, 22), new(7, "Q5_1", 32, 24),
        new(8, "Q8_0", 32, 34), new(9, "Q8_1", 32, 36),
        new(10, "Q2_K", 256, 84), new(11, "Q3_K", 256, 110), new(12, "Q4_K", 256, 144), new(13, "Q5_K", 256, 176),
        new(14, "Q6_K", 256, 210), new(15, "Q8_K", 256, 292),
        new(16, "IQ2_XXS", 256, 66), new(17, "IQ2_XS", 256, 74), new(18, "IQ3_XXS", 256, 98), new(19, "IQ1_S", 256, 50),
        new(20, "IQ4_NL", 32, 18), new(21, "IQ3_S", 256, 110), new(22, "IQ2_S", 256, 82), new(23, "IQ4_XS", 256, 136),
        new(29, "IQ1_M", 256, 56), new(34, "TQ1_0", 256, 54), new(35, "TQ2_0", 256, 66),
        new(39, "MXFP4", 32, 17), new(40, "NVFP4", 64, 36), new(41, "Q1_0", 128, 18), new(42, "Q2_0", 64, 18),
    }.ToDictionary(type => (uint)type.Number);

    // Numbers that ggml gave up, so that a message can say what the file has.
    private static readonly Dictionary<uint, string> s_removed = new (uint Number, string Name)[]
    {
        (4, "Q4_2"), (5, "Q4_3"), (31, "Q4_0_4_4"), (32, "Q4_0_4_8"), (33, "Q4_0_8_8"),
        (36, "IQ4_NL_4_4"), (37, "IQ4_NL_4_8"), (38, "IQ4_NL_8_8"),
    }.ToDictionary(type => type.Number, type => type.Name);

    /// <summary>32-bit floats, which vectors are stored in.</summary>
    public static GgufType F32 { get; } = s_byNumber[0];

    public static GgufType F16 { get; } = s_byNumber[1];

    public static GgufType BF16 { get; } = s_byNumber[30];

    /// <summary>Every type that can be measured.</summary>
    public static IEnumerable<GgufType> All => s_byNumber.Values;

    /// <summary>The type of that number, or null.</summary>
    internal static GgufType? Of(uint number) => s_byNumber.GetValueOrDefault(number);

    /// <summary>What a number without a type is, for a message.</summary>
    internal static string Describe(uint number) => s_removed.TryGetValue(number, out string? name)
        ? $"type {number} ({name}), which ggml no longer has"
        : $"type {number}";
}
