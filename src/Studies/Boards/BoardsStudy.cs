using Neuralink.Studies.Cells;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Boards;

/// <summary>
/// The preset `boards`: what several small boards bring, as replicas and with sharded neurons, and whether the latter is worth building.
/// </summary>
internal static class BoardsStudy
{
    public const string Name = "boards";

    private const string Title = "Several small boards";

    private const string Computing = "pi-5";

    private const string Question =
        "What do several boards bring, each with its own flash: as replicas that run whole texts, and with each layer's neurons shared out "
        + "among them? One board with its share is simulated; the network is added by its latency and bandwidth, one exchange a layer. "
        + "All boards are taken to be done at the same time, which flatters sharding.";

    private static readonly string[] s_models = ["opt-1.3b", "llama2-7b"];
    private static readonly string[] s_devices = ["microsd", "nvme"];
    private static readonly int[] s_boards = [1, 2, 4, 8];

    // A text gains where a token takes at most this part of what one board takes.
    private const double Worth = 0.8;

    public static Study Load() => new(
        Name, Title, Question,
        [.. from model in s_models from device in s_devices from boards in s_boards select CellOf(model, device, boards)],
        outcomes => ReportOf(outcomes.Where(o => o.Result is not null).ToDictionary(o => o.Cell, o => o.Result!)));

    internal static StudyCell CellOf(string model, string device, int boards) => new()
    {
        Model = model,
        Device = device,
        Computing = Computing,
        Strategy = ExecutionStrategy.Cluster,
        Boards = boards,
        // Each board has memory of its own for as many neurons as one has of the whole model.
        CacheShare = Math.Min(1, 0.05 * boards),
        Tokens = 32,
    };

    internal static StudyReport ReportOf(IReadOnlyDictionary<StudyCell, CellResult> results)
    {
        (string Model, string Device)[] settings =
        [
            .. from model in s_models
               from device in s_devices
               where s_boards.All(boards => results.ContainsKey(CellOf(model, device, boards)))
               select (model, device),
        ];
        return new StudyReport(
            Title, Question, [.. settings.Select(s => Finding(results, s.Model, s.Device))],
            [
                .. settings.Select(s => new ReportSection(
                    $"{s.Model}, {s.Device}", [Table(results, s.Model, s.Device), Chart(results, s.Model, s.Device)])),
                new ReportSection("Where the numbers are from", [Sources()]),
            ]);
    }

    private static string Finding(IReadOnlyDictionary<StudyCell, CellResult> results, string model, string device)
    {
        double alone = results[CellOf(model, device, 1)].TokenMillis;
        (NetworkModel network, int boards, double millis) = (
            from n in NetworkModel.All
            from b in s_boards
            select (Network: n, Boards: b, Millis: MillisOf(results, model, device, b, n))).MinBy(way => way.Millis);
        string replicas = $"{s_boards[^1]} replicas give {s_boards[^1]} times the tokens a second over as many texts, and nothing to one";
        string times = $"{ReportNumbers.Short(millis)} of {ReportNumbers.Short(alone)} ms", less = ReportNumbers.Less(millis, alone);
        return millis <= Worth * alone
            ? $"{model} from {device}: sharding neurons is worth building. {boards} boards over {network.Name} take "
                + $"{less} time a token of one text ({times}); {replicas}."
            : $"{model} from {device}: sharding neurons is not worth building. At best it takes {less} time a token of one "
                + $"text ({times}); {replicas}.";
    }

    private static ReportTable Table(IReadOnlyDictionary<StudyCell, CellResult> results, string model, string device) => new(
        "Of one text, sharded, and of as many texts as boards, replicated",
        [
            new("boards"), new("one board's part (ms a token)"), new("of it waiting for flash (ms)"),
            .. NetworkModel.All.Select(n => new ReportColumn($"sharded, {n.Name} (ms a token)")), new("sent (KiB a token)"),
            new("replicas (tokens/s)"),
        ],
        [
            .. s_boards.Select(boards => (IReadOnlyList<string>)
                [
                    $"{boards}", ReportNumbers.Short(results[CellOf(model, device, boards)].TokenMillis),
                    ReportNumbers.Short(results[CellOf(model, device, boards)].WaitMillis),
                    .. NetworkModel.All.Select(n => ReportNumbers.Short(MillisOf(results, model, device, boards, n))),
                    ReportNumbers.Short(new BoardArrangement(model, boards).ShardedBytes / 1024.0),
                    ReportNumbers.Short(boards * results[CellOf(model, device, 1)].TokensPerSecond),
                ]),
        ]);

    private static LineChart Chart(IReadOnlyDictionary<StudyCell, CellResult> results, string model, string device) => new(
        $"Time of a token of one text: {model} from {device}", new ReportAxis("boards"), new ReportAxis("time of a token", "ms"),
        [
            .. NetworkModel.All.Select(network => new PointSeries(
                network.Name, [.. s_boards.Select(boards => new ReportPoint(boards, MillisOf(results, model, device, boards, network)))])),
        ]);

    private static double MillisOf(
        IReadOnlyDictionary<StudyCell, CellResult> results, string model, string device, int boards, NetworkModel network) =>
        new BoardArrangement(model, boards).ShardedMillis(results[CellOf(model, device, boards)], network);

    private static ReportTable Sources() => new(
        "Networks, devices and the processor", [new("model", IsNumber: false), new("source", IsNumber: false)],
        [
            .. NetworkModel.All.Select(n => (IReadOnlyList<string>)[n.Name, n.Source]),
            .. s_devices.SelectMany(name => DeviceModels.Find(name).Sources.Select(s => (IReadOnlyList<string>)[name, s])),
            .. ComputeModels.Find(Computing).Sources.Select(s => (IReadOnlyList<string>)[Computing, s]),
        ]);
}
