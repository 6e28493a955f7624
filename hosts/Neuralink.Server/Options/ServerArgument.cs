using System.ComponentModel;
using System.Reflection;
using Neuralink.Hosting;
using Neuralink.Storage;

namespace Neuralink.Server.Options;

/// <summary>An option of the command line, which is a property of the configuration: BodyBytesMax is --body-bytes-max.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Key">The configuration key.</param>
/// <param name="Description">What help says, or null where the engine's documentation does.</param>
/// <param name="IsFlag">Whether it has no value.</param>
/// <param name="IsList">Whether it may be given several times.</param>
public sealed record ServerArgument(string Name, string Key, string? Description, bool IsFlag, bool IsList)
{
    private const string ModelAlias = "-m", ModelName = "--model";

    /// <summary>The configuration key of the model.</summary>
    public const string ModelKey = $"{NeuralinkOptions.Section}:{nameof(NeuralinkOptions.Model)}";

    /// <summary>What help calls the value: the last word of the name.</summary>
    public string ValueName => Name[(Name.LastIndexOf('-') + 1)..].ToUpperInvariant();

    /// <summary>The server's own.</summary>
    public static IReadOnlyList<ServerArgument> OfServer { get; } = Of(typeof(ServerOptions), ServerOptions.Section);

    /// <summary>The model's and the engine's; their values are spelt as those of `neuralink generate`.</summary>
    public static IReadOnlyList<ServerArgument> OfEngine { get; } = Of(typeof(NeuralinkOptions), NeuralinkOptions.Section);

    /// <summary>The configuration that a command line stands for.</summary>
    /// <exception cref="NeuralinkException">It has what is not known, or a value is missing.</exception>
    public static IReadOnlyList<KeyValuePair<string, string?>> Parse(IReadOnlyList<string> args)
    {
        List<KeyValuePair<string, string?>> settings = [];
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        for (int i = 0; i < args.Count; i++)
        {
            (string name, string? value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            ServerArgument argument = Find(name == ModelAlias ? ModelName : name)
                ?? throw Refuse("an option that there is (--help lists them)", $"'{name}'");
            if (argument.IsFlag)
                value ??= "true";
            else if (value is null && ++i < args.Count)
                value = args[i];
            if (string.IsNullOrEmpty(value))
                throw Refuse($"a value after {name}", "none");
            settings.Add(new(argument.KeyOf(counts.GetValueOrDefault(argument.Name)), value));
            counts[argument.Name] = counts.GetValueOrDefault(argument.Name) + 1;
        }
        return settings;
    }

    /// <summary>The configuration key of a list's element; a value that is no list has one only.</summary>
    public string KeyOf(int index) => IsList ? $"{Key}:{index}" : Key;

    private static ServerArgument? Find(string name) =>
        OfServer.Concat(OfEngine).FirstOrDefault(argument => argument.Name == name);

    private static NeuralinkException Refuse(string expected, string found) => new("read the command line", expected, found);

    private static List<ServerArgument> Of(Type options, string section) =>
    [
        .. options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => new ServerArgument(
            $"--{KebabOf(property.Name)}", $"{section}:{property.Name}", property.GetCustomAttribute<DescriptionAttribute>()?.Description,
            property.PropertyType == typeof(bool), property.PropertyType == typeof(IList<string>))),
    ];

    private static string KebabOf(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));
}
