using Akka.Configuration;
using Akka.Serialization;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// Stands where Akka has its JSON serializer for every type that no other is bound to. That one makes objects of whatever type a message
/// names, so anybody who reaches the port could make any object. Here nothing falls through: a message without a serializer of its own is
/// refused by its type's name.
/// </summary>
internal sealed class RefusingSerializer : Serializer
{
    public const int Id = 26102;

    /// <param name="system">Whose messages.</param>
    /// <param name="settings">Settings of the JSON serializer, which Akka hands to whatever stands in its place.</param>
    public RefusingSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => _ = settings;

    public override int Identifier => Id;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new NeuralinkException(
        "send a message to another node", "a message with a serializer of its own", obj.GetType().FullName ?? obj.GetType().Name,
        "bind its type to a serializer in akka.actor.serialization-bindings");

    public override object FromBinary(byte[] bytes, Type type) => throw new NeuralinkException(
        "read a message of another node", "a message with a serializer of its own", "one without");
}
