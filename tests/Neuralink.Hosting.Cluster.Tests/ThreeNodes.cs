namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>A cluster of three nodes for the tests of a class.</summary>
public sealed class ThreeNodes : IAsyncLifetime
{
    /// <summary>The first has the coordinator of the shards.</summary>
    internal TestNode[] Nodes { get; private set; } = [];

    public async Task InitializeAsync() => Nodes = await TestNode.StartAllAsync(3);

    public async Task DisposeAsync()
    {
        foreach (TestNode node in Nodes)
            await node.DisposeAsync();
    }

    /// <summary>A prompt of a conversation of its own.</summary>
    internal static int[] Prompt(int conversation) => [conversation, .. Enumerable.Range(0, ConversationKey.PrefixTokens)];

    internal static async Task<(List<TokenGenerated> Tokens, GenerationResult Result)> RunAsync(
        TestNode node, int[] prompt, int tokens = 4)
    {
        List<TokenGenerated> generated = [];
        GenerationResult? result = null;
        GenerationRequest request = new() { Prompt = prompt, MaxTokens = tokens };
        await foreach (GenerationEvent happened in node.Engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated token)
                generated.Add(token);
            else
                result = ((GenerationFinished)happened).Result;
        }
        return (generated, result!);
    }

    /// <summary>Waits until every node has heard that so many requests are on all of them together.</summary>
    internal static Task AllKnowAsync(TestNode[] nodes, int requests) => Eventually.HoldsAsync(
        () => nodes.All(n => nodes.Sum(m => n.Node.Board.Of(m.Address)?.Queue ?? -1) == requests), $"{requests} requests are reported");
}
