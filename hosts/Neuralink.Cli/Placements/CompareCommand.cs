using System.CommandLine;
using Neuralink.Cli.Terminal;
using Neuralink.Placement.Ordering;

namespace Neuralink.Cli.Placements;

/// <summary>`neuralink placement compare`: every method's order, played on traces that it was not made from.</summary>
internal static class CompareCommand
{
    public static string[] Examples { get; } =
    [
        "neuralink placement compare --train stories.trace --test other-stories.trace recipes.trace",
        "neuralink placement compare tiny-stories.nlk --train stories.trace --test recipes.trace --method neuralink,best --profile "
        + "phone.json",
        "neuralink placement compare --train opt.trace --test opt-1.trace --cache 0%,5% --json | jq '.tests[0].caches[0].orders'",
    ];

    public static Command Create(Surroundings surroundings)
    {
        Argument<string?> model = new("IMG|MODEL")
        {
            Description =
                "The model that the traces must be of: a flash image, whose own order is compared too, or a Hugging Face folder [default: "
                + "that of --train]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string> train = new("--train")
        {
            HelpName = "TRACE",
            Description = "The trace that the orders are made from",
            Required = true,
        };
        Option<string[]> test = new("--test")
        {
            HelpName = "TRACE",
            Description = "Traces that the orders are judged by, one or several",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = true,
            Required = true,
        };
        Option<IReadOnlyList<Choice<PlacementMethod>>?> methods = TypedOption.ListOf<PlacementMethod>(
            ["--method"], "METHOD",
            $"The methods: {string.Join(", ", PlaceCommandSettings.Methods.Select(m => m.Name))} [default: all]; identity, to which the "
            + "others are compared, is always there",
            $"some of {string.Join(" or ", PlaceCommandSettings.Methods.Select(m => m.Name))}, separated by commas",
            CompareSettings.ReadMethod);
        Option<IReadOnlyList<Choice<double>>?> caches = TypedOption.ListOf<double>(
            ["--cache"], "SHARE",
            "The share of the neurons that memory holds [default: "
            + $"{string.Join(',', CompareSettings.DefaultCachedShares.Select(s => $"{s:0%}"))}]",
            "shares such as 0%,5%,10%, each at most 100%", CompareSettings.ReadShare);
        Option<string?> profile = TypedOption.Text(
            ["--profile"], "DEVICE.json", "What reads cost on the device [default: 20 us a read and 1000 MB/s]");
        Option<int?> seed = PlaceCommandSettings.SeedOption("methods that choose");
        Option<int?> effort = PlaceCommandSettings.EffortOption();
        Option<long?> memory = PlaceCommandSettings.MemoryOption();
        Option<bool> json = CommonOptions.Json("tables");
        Command command = new(
            "compare",
            "Order the neurons by each method from one trace and print what reading in that order costs on others: reads, their length, "
            + "bytes read over bytes used, and milliseconds, as the mean of the layers, beside a bound that no order can beat.")
        {
            model, train, test, methods, profile, seed, effort, memory, caches, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            CompareSettings settings = new()
            {
                Model = parsed.GetValue(model),
                Train = parsed.GetRequiredValue(train),
                Tests = parsed.GetRequiredValue(test),
                Methods = [.. parsed.GetValue(methods)?.Select(m => m.Value) ?? Enum.GetValues<PlacementMethod>()],
                CachedShares = [.. parsed.GetValue(caches)?.Select(s => s.Value) ?? CompareSettings.DefaultCachedShares],
                ProfilePath = parsed.GetValue(profile),
                Seed = parsed.GetValue(seed) ?? PlaceCommandSettings.Defaults.Seed,
                Effort = parsed.GetValue(effort) ?? PlaceCommandSettings.Defaults.StepsPerNeuron,
                MemoryBytesMax = parsed.GetValue(memory) ?? PlaceCommandSettings.Defaults.MemoryBytesMax,
                Json = parsed.GetValue(json),
            };
            settings.Validate();
            return Task.FromResult(new CompareRun(settings, surroundings).Run(cancellation));
        });
        return command;
    }
}

/// <summary>`neuralink placement`: what there is to ask about orders of neurons.</summary>
internal static class PlacementCommand
{
    public static string[] Examples => CompareCommand.Examples;

    public static Command Create(Surroundings surroundings) =>
        new("placement", "Judge ways to order neurons on flash, before any image is written.") { CompareCommand.Create(surroundings) };
}
