using Akka.Serialization;
using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// The messages that cross nodes, each under a name with its version, as docs/formats/cluster-messages.md says. A changed message gets a
/// new name, so a node never takes the bytes of one version for another's. No type's name comes from the wire: what is not in the table
/// here is refused.
/// </summary>
/// <param name="system">Whose messages.</param>
internal sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Stated in every message; Akka leaves those above 40 to applications.</summary>
    public const int Id = 26101;

    private const string Request = "gen-request-v1";
    private const string Accepted = "gen-accepted-v1";
    private const string Happened = "gen-event-v1";
    private const string Failed = "gen-failed-v1";
    private const string HandedOver = "gen-handed-over-v1";
    private const string Read = "gen-read-v1";
    private const string Cancel = "gen-cancel-v1";
    private const string Report = "node-report-v1";

    /// <summary>The names of all messages.</summary>
    public static IReadOnlyList<string> Manifests { get; } = [Request, Accepted, Happened, Failed, HandedOver, Read, Cancel, Report];

    public override int Identifier => Id;

    public override string Manifest(object o) => o switch
    {
        ConversationProtocol.Generate => Request,
        ConversationProtocol.Accepted => Accepted,
        ConversationProtocol.Happened => Happened,
        ConversationProtocol.Failed => Failed,
        ConversationProtocol.HandedOver => HandedOver,
        ConversationProtocol.Read => Read,
        ConversationProtocol.Cancel => Cancel,
        NodeProtocol.Report => Report,
        _ => throw new NeuralinkException("send a message to another node", "one of Neuralink's messages", o.GetType().Name),
    };

    public override byte[] ToBinary(object obj)
    {
        WireWriter to = new();
        switch (obj)
        {
            case ConversationProtocol.Generate m: RequestFormat.Write(to, m); break;
            case ConversationProtocol.Accepted m: to.Id(m.Request); break;
            case ConversationProtocol.Happened m: EventFormat.Write(to, m); break;
            case ConversationProtocol.Failed m: EventFormat.WriteFailure(to, m); break;
            case ConversationProtocol.HandedOver m: to.Id(m.Request); break;
            case ConversationProtocol.Read m: WriteRead(to, m); break;
            case ConversationProtocol.Cancel m: to.Id(m.Request); break;
            case NodeProtocol.Report m: WriteReport(to, m); break;
            default: throw new NeuralinkException("send a message to another node", "one of Neuralink's messages", obj.GetType().Name);
        }
        return to.Finish();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!Manifests.Contains(manifest, StringComparer.Ordinal))
        {
            throw new NeuralinkException(
                "read a message of another node", $"one of {string.Join(", ", Manifests)}", manifest,
                "run the same version of Neuralink on all nodes");
        }
        WireReader from = new(manifest, bytes);
        object message = manifest switch
        {
            Request => RequestFormat.Read(ref from),
            Accepted => new ConversationProtocol.Accepted(from.Id()),
            Happened => EventFormat.Read(ref from),
            Failed => EventFormat.ReadFailure(ref from),
            HandedOver => new ConversationProtocol.HandedOver(from.Id()),
            Read => new ConversationProtocol.Read(from.Id(), from.Signed(), from.Signed(), from.Flag()),
            Cancel => new ConversationProtocol.Cancel(from.Id()),
            _ => ReadReport(ref from),
        };
        from.End();
        return message;
    }

    private static void WriteRead(WireWriter to, ConversationProtocol.Read message)
    {
        to.Id(message.Request);
        to.Signed(message.Received);
        to.Signed(message.Consumed);
        to.Flag(message.Again);
    }

    private static void WriteReport(WireWriter to, NodeProtocol.Report report)
    {
        to.Count((ulong)report.ProtocolVersion);
        to.Text(report.Model);
        to.Text(report.ModelDigest);
        to.Flag(report.IsAdmitted);
        to.Count((ulong)report.Queue);
        to.Integers([.. report.IdleShards]);
    }

    private static NodeProtocol.Report ReadReport(ref WireReader from) => new(
        from.Natural(), from.Text(), from.Text(), from.Flag(), from.Natural(), from.Integers());
}
