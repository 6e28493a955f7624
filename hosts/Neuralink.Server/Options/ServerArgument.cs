using System.ComponentModel;
using System.Reflection;
using Neuralink.Hosting;
using Neuralink.Hosting.Cluster;
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

    /// <summary>How the server takes part in a cluster; any of them makes it a node.</summary>
    public static IReadOnlyList<ServerArgument> OfCluster { get; } =
    [
        OfClusterKey("--cluster", nameof(ClusterOptions.IsMember), "Be a node of a cluster: a conversation stays on one") with
        {
            IsFlag = true,
        },
        OfClusterKey("--cluster-host", nameof(ClusterOptions.Host), "Where other nodes reach this one [default: 127.0.0.1]"),
        OfClusterKey("--cluster-port", nameof(ClusterOptions.Port), "The port for other nodes [default: 8110]"),
        OfClusterKey("--cluster-seed", nameof(ClusterOptions.Seeds), "A node to join by, HOST:PORT; several times, as on all nodes") with
        {
            IsList = true,
        },
        OfClusterKey(
            "--cluster-kubernetes", $"{nameof(ClusterOptions.Kubernetes)}:{nameof(KubernetesOptions.Service)}",
            "Find the other nodes by Kubernetes' API: the value of the pods' label app"),
        OfClusterKey(
            "--cluster-tls-certificate", $"{nameof(ClusterOptions.Tls)}:{nameof(ClusterTlsOptions.CertificatePath)}",
            "Encrypt connections between nodes: this node's certificate"),
        OfClusterKey(
            "--cluster-tls-key", $"{nameof(ClusterOptions.Tls)}:{nameof(ClusterTlsOptions.KeyPath)}", "Its private key, in PEM"),
        OfClusterKey(
            "--cluster-tls-authority", $"{nameof(ClusterOptions.Tls)}:{nameof(ClusterTlsOptions.AuthorityPath)}",
            "The authority that has signed the nodes' certificates, in PEM"),
    ];

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
        OfServer.Concat(OfCluster).Concat(OfEngine).FirstOrDefault(argument => argument.Name == name);

    private static ServerArgument OfClusterKey(string name, string key, string description) =>
        new(name, $"{ClusterOptions.Section}:{key}", description, IsFlag: false, IsList: false);

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
