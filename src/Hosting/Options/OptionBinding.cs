using Microsoft.Extensions.Configuration;

namespace Neuralink.Hosting;

/// <summary>
/// Reads the configuration section. .NET's own binder ends at the first value that it cannot convert and passes over keys that it does not
/// know; here each of them is an error of its own.
/// </summary>
internal static class OptionBinding
{
    private delegate bool Reader<T>(string text, out T value);

    private sealed record Setting(string Name, string Expected, Func<NeuralinkOptions, string, bool> TrySet);

    private const string Bytes = "a number of bytes such as 64MiB", Integer = "an integer", FlagWords = "true or false",
        Predictors = "exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch, sketch=BITS or oracle=TRACE";

    private static readonly IReadOnlyList<Setting> s_settings =
    [
        Text("Model", (o, v) => o.Model = v),
        Text("ChatTemplate", (o, v) => o.ChatTemplate = v),
        Of<long>("Memory", Bytes, ValueReaders.Bytes, (o, v) => o.Memory = v),
        Of<CacheSize>(
            "Cache", "a share of at most 100% such as 10% or 0.1, or bytes with a unit such as 512MiB", ValueReaders.Cache,
            (o, v) => o.Cache = v),
        Word("CachePolicy", OptionWords.CachePolicies, (o, v) => o.CachePolicy = v),
        Word("WarmUp", OptionWords.WarmUps, (o, v) => o.WarmUp = v),
        Of<long>("Gap", Bytes, ValueReaders.Bytes, (o, v) => o.Gap = v),
        Of<int>("Threads", Integer, ValueReaders.Integer, (o, v) => o.Threads = v),
        Word("Strategy", OptionWords.Strategies, (o, v) => o.Strategy = v),
        Of<PredictorOptions>("Predictor", Predictors, ValueReaders.Predictor, (o, v) => o.Predictor = v),
        Of<PredictorOptions>("Lookahead", Predictors, ValueReaders.Predictor, (o, v) => o.Lookahead = v),
        Of<int>("Ahead", Integer, ValueReaders.Integer, (o, v) => o.Ahead = v),
        Of<int>("QueueDepth", Integer, ValueReaders.Integer, (o, v) => o.QueueDepth = v),
        Word("Io", OptionWords.Io, (o, v) => o.Io = v),
        Text("Profile", (o, v) => o.Profile = v),
        Word("Weights", OptionWords.Weights, (o, v) => o.Weights = v),
        Of<Kernels.Activation>(
            "Activation", "relu, fatrelu=THRESHOLD such as fatrelu=0.01, drelu, relu2, silu, gelu, gelu_new or quick_gelu",
            ValueReaders.Activation, (o, v) => o.Activation = v),
        Of<int>("Context", Integer, ValueReaders.Integer, (o, v) => o.Context = v),
        Of<int>("Sequences", Integer, ValueReaders.Integer, (o, v) => o.Sequences = v),
        Of<int>("Waiting", Integer, ValueReaders.Integer, (o, v) => o.Waiting = v),
        Of<int>("KvTokens", Integer, ValueReaders.Integer, (o, v) => o.KvTokens = v),
        Of<int>("Chunk", Integer, ValueReaders.Integer, (o, v) => o.Chunk = v),
        Text("PackFolder", (o, v) => o.PackFolder = v),
        Of<bool>("StopHostOnFailure", FlagWords, bool.TryParse, (o, v) => o.StopHostOnFailure = v),
    ];

    /// <summary>The keys of the section.</summary>
    public static IEnumerable<string> Keys => s_settings.Select(setting => setting.Name);

    /// <summary>Sets what the section states, and keeps what is wrong with the rest.</summary>
    /// <param name="section">The configuration section.</param>
    /// <param name="others">Names of sections within it that other parts of the host read.</param>
    /// <param name="options">Set.</param>
    public static void Bind(IConfigurationSection section, IReadOnlySet<string> others, NeuralinkOptions options)
    {
        foreach (IConfigurationSection entry in section.GetChildren().Where(entry => !others.Contains(entry.Key)))
        {
            Setting? setting = s_settings.FirstOrDefault(s => s.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
            if (setting is null)
                options.BindingErrors.Add($"{entry.Path}: no such option; there are {string.Join(", ", Keys.Concat(others))}");
            else if (entry.GetChildren().Any())
                options.BindingErrors.Add($"{entry.Path}: expected {setting.Expected}, found a section or a list");
            else if (entry.Value is { } text && !setting.TrySet(options, text))
                options.BindingErrors.Add($"{entry.Path}: expected {setting.Expected}, found '{text}'");
        }
    }

    private static Setting Of<T>(string name, string expected, Reader<T> read, Action<NeuralinkOptions, T> set) =>
        new(name, expected, (options, text) =>
        {
            bool isRead = read(text, out T value);
            if (isRead)
                set(options, value);
            return isRead;
        });

    private static Setting Word<T>(string name, IReadOnlyList<(string Word, T Value)> words, Action<NeuralinkOptions, T> set)
        where T : struct =>
        Of(name, OptionWords.Expected(words), (string text, out T value) => OptionWords.TryRead(words, text, out value), set);

    private static Setting Text(string name, Action<NeuralinkOptions, string> set) => Of(
        name, "a text that is not empty",
        static (string text, out string value) =>
        {
            value = text;
            return text.Length > 0;
        },
        set);
}
