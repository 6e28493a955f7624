using System.Net;

namespace Neuralink.Hosting.Cluster;

/// <summary>
/// How a node takes part in a cluster; the section "Neuralink:Cluster" of a host's configuration. All nodes of a cluster have the same
/// values but for <see cref="Host"/> and <see cref="Port"/>.
/// </summary>
public sealed class ClusterOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Neuralink:Cluster";

    /// <summary>
    /// Always true: what the flag --cluster sets, so that a section with nothing else in it makes a node too. No section, no cluster.
    /// </summary>
    public bool IsMember { get; set; } = true;

    /// <summary>Where other nodes reach this one: an address or a name. Default: this machine only.</summary>
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>The port for other nodes, 1 to 65535. Default: next to the web server's 8080.</summary>
    public int Port { get; set; } = 8110;

    /// <summary>What to listen on. Null: <see cref="Host"/>.</summary>
    public string? BindHost { get; set; }

    /// <summary>
    /// Nodes to join by, HOST:PORT, the same list on every node. The first one founds the cluster if it finds no other. Empty, and without
    /// <see cref="Kubernetes"/>: this node founds one.
    /// </summary>
    public IList<string> Seeds { get; set; } = [];

    /// <summary>Finds the other nodes by Kubernetes' API instead; null uses <see cref="Seeds"/>.</summary>
    public KubernetesOptions? Kubernetes { get; set; }

    /// <summary>Encrypts what goes between nodes, and lets in only those with a certificate; null sends it in the clear.</summary>
    public ClusterTlsOptions? Tls { get; set; }

    /// <summary>
    /// How long a node that leaves goes on with texts that it has begun, 0 s to 1 h. Default: what Kubernetes gives a pod.
    /// </summary>
    public TimeSpan DrainGrace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long after its last text a conversation stays on its node, 1 s to 24 h. Default: a person's pause; the keys and values of older
    /// ones have mostly made room for others.
    /// </summary>
    public TimeSpan ConversationIdle { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How often nodes tell each other that they are there, and who else is, 0.05 s to 5 s. Default: Akka's own.
    /// </summary>
    public TimeSpan GossipInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a node may be silent before others take it for lost, 0.5 s to 60 s. Default: Akka's own is 3 s, but here all processors
    /// compute and the heartbeat may have to wait.
    /// </summary>
    public TimeSpan HeartbeatPause { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>
    /// How long the cluster's members have to be unchanged before the split brain resolver removes those that cannot be reached, 0.5 s to
    /// 5 min. Default: Akka's own, which suits up to 100 nodes.
    /// </summary>
    public TimeSpan StableAfter { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a request waits for a node to take it, 1 s to 10 min. Default: a lost node is noticed, removed, and its conversations
    /// placed anew in less.
    /// </summary>
    public TimeSpan PlacementMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a node says how long its queue is, 0.05 s to 10 s. Default: a token of a large model takes as long.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>After how long without an answer a message is sent again, 0.1 s to 30 s. Default: far above a network's delay.</summary>
    public TimeSpan RetryInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Tokens of a text that may be on their way to a reader or unread, 1 to 4096. Default: a network's round trip never holds up the
    /// node, and a reader that stopped costs little.
    /// </summary>
    public int WindowTokens { get; set; } = 32;

    /// <summary>Everything that is wrong with the values, one line each.</summary>
    internal IReadOnlyList<string> Faults()
    {
        List<string> faults = [];
        Require(IsMember, nameof(IsMember), "true, or no such section", IsMember);
        bool isName = !string.IsNullOrWhiteSpace(Host) && !Host.Contains(':', StringComparison.Ordinal);
        Require(isName, "Host", "a name or an IPv4 address", Host);
        Require(Port is >= 1 and <= 65535, "Port", "1 to 65535", Port);
        foreach (string seed in Seeds)
            Require(TryParseSeed(seed, out _), "Seeds", "HOST:PORT", seed);
        Require(Kubernetes is null || Seeds.Count == 0, "Kubernetes", "no Seeds beside it", string.Join(", ", Seeds));
        Between(DrainGrace, 0, 3600, nameof(DrainGrace));
        Between(ConversationIdle, 1, 86400, nameof(ConversationIdle));
        Between(GossipInterval, 0.05, 5, nameof(GossipInterval));
        Between(HeartbeatPause, 0.5, 60, nameof(HeartbeatPause));
        Between(StableAfter, 0.5, 300, nameof(StableAfter));
        Between(PlacementMax, 1, 600, nameof(PlacementMax));
        Between(ReportInterval, 0.05, 10, nameof(ReportInterval));
        Between(RetryInterval, 0.1, 30, nameof(RetryInterval));
        Require(WindowTokens is >= 1 and <= 4096, "WindowTokens", "1 to 4096", WindowTokens);
        faults.AddRange(Kubernetes?.Faults() ?? []);
        return faults;

        void Between(TimeSpan value, double min, double max, string name) =>
            Require(value.TotalSeconds >= min && value.TotalSeconds <= max, name, $"{min} to {max} seconds", value);

        void Require(bool holds, string name, string expected, object? found)
        {
            if (!holds)
                faults.Add($"{Section}:{name}: expected {expected}, found {found}");
        }
    }

    /// <summary>Reads HOST:PORT.</summary>
    internal static bool TryParseSeed(string text, out DnsEndPoint seed)
    {
        int colon = text.LastIndexOf(':');
        bool isValid = colon > 0 && !text[..colon].Contains(':', StringComparison.Ordinal)
            && ushort.TryParse(text[(colon + 1)..], out ushort port) && port > 0;
        seed = isValid ? new DnsEndPoint(text[..colon], ushort.Parse(text[(colon + 1)..])) : new DnsEndPoint("invalid", 1);
        return isValid;
    }
}

/// <summary>How nodes find each other by Kubernetes' API.</summary>
public sealed class KubernetesOptions
{
    /// <summary>The value of the pods' label "app". Default: that of deploy/kubernetes.</summary>
    public string Service { get; set; } = "neuralink";

    /// <summary>The pods' namespace. Null: this pod's own.</summary>
    public string? Namespace { get; set; }

    /// <summary>The port at which pods answer who they are, 1 to 65535. Default: Akka.Management's own.</summary>
    public int ManagementPort { get; set; } = 8558;

    /// <summary>
    /// How many pods have to see each other before they found a cluster, 1 to 100. Default: most of three, so that two halves never found
    /// one each.
    /// </summary>
    public int ContactPoints { get; set; } = 2;

    internal IEnumerable<string> Faults()
    {
        if (string.IsNullOrWhiteSpace(Service))
            yield return $"{ClusterOptions.Section}:Kubernetes:Service: expected the pods' label, found none";
        if (ManagementPort is < 1 or > 65535)
            yield return $"{ClusterOptions.Section}:Kubernetes:ManagementPort: expected 1 to 65535, found {ManagementPort}";
        if (ContactPoints is < 1 or > 100)
            yield return $"{ClusterOptions.Section}:Kubernetes:ContactPoints: expected 1 to 100, found {ContactPoints}";
    }
}

/// <summary>The certificates of the connections between nodes. Both sides show one.</summary>
public sealed class ClusterTlsOptions
{
    /// <summary>This node's certificate: PEM with <see cref="KeyPath"/> beside it, or PKCS 12 with its key inside.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>The certificate's private key in PEM, or null where the certificate has it inside.</summary>
    public string? KeyPath { get; set; }

    /// <summary>A file whose first line is the password of the PKCS 12 file, or null where it has none.</summary>
    public string? PasswordPath { get; set; }

    /// <summary>
    /// The authority in PEM that must have signed the other nodes' certificates. Null: those that this machine trusts, which for a cluster
    /// means anybody with a certificate of theirs.
    /// </summary>
    public string? AuthorityPath { get; set; }
}
