using Neuralink.Models.Configuration;
using Neuralink.Models.Synthetic;
using Neuralink.Storage;
using Neuralink.Studies.Devices;

namespace Neuralink.Studies.Computing;

/// <summary>The processors that there are to simulate.</summary>
public static class ComputeModels
{
    /// <summary>What a study calls this machine, whose own kernels are timed.</summary>
    public const string This = "this";

    /// <summary>Table 1 of the Neuralink paper: milliseconds of computing a token of OPT-1.3B on an Ace 2.</summary>
    private const double Opt1300MComputeMillis = 202;

    /// <summary>Those that ship.</summary>
    public static IReadOnlyList<ComputeModel> All { get; } = [MakeAce2(), MakeOnePlus12(), MakePi5()];

    /// <summary>What a study may name.</summary>
    public static string Expected => $"{string.Join(", ", All.Select(c => c.Name))} or {This}";

    /// <summary>The computing model of that name.</summary>
    /// <exception cref="NeuralinkException">There is none; the message lists those that there are.</exception>
    public static ComputeModel Find(string name) =>
        All.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new NeuralinkException("find a computing model", Expected, $"'{name}'");

    private static ComputeModel MakeAce2() => new()
    {
        Name = "8plus-gen1",
        Title = "Snapdragon 8+ Gen 1 of a OnePlus Ace 2",
        BytesPerMicro = Ace2BytesPerMicro(),
        Processors = 8,
        Sources =
        [
            $"{Ace2BytesPerMicro() / 1000:0.0} GB/s of weights: fitted to the computing of Table 1's column of OPT-1.3B (Neuralink, arXiv "
                + "2410.19274v3), 202 ms",
            "predictors of rank 1000: the default of Deja Vu's published code (arXiv 2310.17157)",
            "8 cores: Qualcomm's product brief; 5 us to wake a thread: assumed",
        ],
    };

    private static ComputeModel MakeOnePlus12() => new()
    {
        Name = "8-gen3",
        Title = "Snapdragon 8 Gen 3 of a OnePlus 12",
        BytesPerMicro = Ace2BytesPerMicro() * 4800 / 3200,
        Processors = 8,
        Sources =
        [
            "1.5 times the 8+ Gen 1: LPDDR5X at 4800 MHz beside LPDDR5 at 3200 MHz (Qualcomm's product briefs); nothing is fitted",
            "8 cores: Qualcomm's product brief; 5 us to wake a thread: assumed",
        ],
    };

    private static ComputeModel MakePi5() => new()
    {
        Name = "pi-5",
        Title = "Raspberry Pi 5",
        BytesPerMicro = Ace2BytesPerMicro() * (32 * 4267) / (64 * 6400),
        Processors = 4,
        Sources =
        [
            "a third of the 8+ Gen 1: 32 bits of LPDDR4X at 4267 MT/s beside 64 bits of LPDDR5 at 6400 MT/s (product briefs); nothing is "
                + "fitted",
            "4 cores: Raspberry Pi's product brief; 5 us to wake a thread: assumed",
        ],
    };

    private static double Ace2BytesPerMicro()
    {
        ModelConfig opt = SyntheticShapes.Find("opt-1.3b")!.Config;
        return ComputeModel.TokenBytes(opt, PublishedReads.Opt1300MActiveShare) / (Opt1300MComputeMillis * 1000);
    }
}
