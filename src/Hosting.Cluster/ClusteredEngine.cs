using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Hosting.Cluster.Membership;

namespace Neuralink.Hosting.Cluster;

/// <summary>
/// The engines of a cluster as one: a request runs on the node that holds its conversation, whichever node it came to, and a new
/// conversation on the node with the shortest queue.
/// </summary>
/// <param name="node">This process's part of the cluster.</param>
internal sealed class ClusteredEngine(ClusterNode node) : INeuralinkEngine
{
    public string ModelName => node.Local.ModelName;

    public bool IsReady => node.State == NodeState.Ready && node.Local.IsReady;

    public Task<NeuralinkEngine> WhenReady => node.Local.WhenReady;

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        NodeMembership membership = await node.WhenMember.WaitAsync(cancellation).ConfigureAwait(false);
        string conversation = request.Conversation is { } name
            ? ConversationKey.OfName(name) : ConversationKey.OfTokens(request.Prompt.Span);
        ConversationProtocol.Generate message = new(
            Guid.NewGuid(), conversation, membership.ModelDigest, membership.WindowTokens, request);
        Channel<GenerationEvent> events = Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true });
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        IActorRef reader = membership.Read(ReaderActor.Props(message, membership.Readers, events.Writer, ended));
        try
        {
            await foreach (GenerationEvent happened in events.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return happened;
                reader.Tell(ReaderActor.Consumed.Instance);
            }
        }
        finally
        {
            // Whoever stops listening early stops the run, wherever it is.
            reader.Tell(ReaderActor.Abandon.Instance);
            await ended.Task.ConfigureAwait(false);
        }
    }
}
