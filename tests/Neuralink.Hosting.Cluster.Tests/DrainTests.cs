namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>A node leaves: what it has begun it finishes, and the rest runs elsewhere.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task A_node_that_leaves_finishes_what_it_has_begun_and_hands_over_the_rest()
    {
        TestNode[] nodes = await TestNode.StartAllAsync(3);
        TestNode leaving = nodes[1];
        Task<(List<TokenGenerated> Tokens, GenerationResult Result)>[] begun = await PlaceAsync(nodes, 100, after: 2, count: 3, known: 0);
        await Eventually.HoldsAsync(() => nodes.All(n => n.Local.Made == 2), "each node has a text that has begun");
        Task<(List<TokenGenerated> Tokens, GenerationResult Result)>[] waiting = await PlaceAsync(nodes, 200, after: 0, count: 3, known: 3);

        Task stop = leaving.StopAsync();
        await Eventually.HoldsAsync(() => leaving.Local.Running == 1, "what had not begun is handed over");
        leaving.Engine.IsReady.Should().BeFalse();
        await Eventually.HoldsAsync(
            () => nodes.Where(n => n != leaving).Sum(n => n.Local.Running) == 5, "the others run it");
        foreach (TestNode node in nodes)
            node.Local.Release();
        foreach (Task<(List<TokenGenerated> Tokens, GenerationResult Result)> run in begun.Concat(waiting))
            (await run.WaitAsync(Eventually.Max)).Tokens.Select(t => t.Id).Should().Equal(Enumerable.Range(0, 10));
        await stop.WaitAsync(Eventually.Max);
        leaving.Local.Cancelled.Should().Be(1, "one text was handed over, before its first token");
        (await ThreeNodes.RunAsync(nodes[2], ThreeNodes.Prompt(300))).Tokens.Should().HaveCount(4, "the others go on");
        foreach (TestNode node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_text_that_outlasts_the_grace_time_fails_clearly()
    {
        TestNode[] nodes = await TestNode.StartAllAsync(2, o => o.DrainGrace = TimeSpan.FromMilliseconds(200));
        Task<(List<TokenGenerated> Tokens, GenerationResult Result)>[] begun = await PlaceAsync(nodes, 100, after: 2, count: 2, known: 0);
        await Eventually.HoldsAsync(() => nodes.All(n => n.Local.Made == 2), "each node has a text that has begun");
        Task stop = nodes[1].StopAsync();
        Task failed = await Task.WhenAny(begun).WaitAsync(Eventually.Max);
        Func<Task> reading = () => failed;
        (await reading.Should().ThrowAsync<NodeLostException>()).Which.Message.Should()
            .Contain("grace time").And.Contain("send the request again");
        await stop.WaitAsync(Eventually.Max);
        nodes[0].Local.Release();
        begun.Count(b => b.IsFaulted).Should().Be(1);
        foreach (Task<(List<TokenGenerated> Tokens, GenerationResult Result)> run in begun.Where(b => b != failed))
            (await run.WaitAsync(Eventually.Max)).Tokens.Should().HaveCount(10);
        foreach (TestNode node in nodes)
            await node.DisposeAsync();
    }

    /// <summary>Starts texts of conversations of their own, on node after node, that stop after some tokens.</summary>
    private static async Task<Task<(List<TokenGenerated> Tokens, GenerationResult Result)>[]> PlaceAsync(
        TestNode[] nodes, int conversation, int after, int count, int known)
    {
        foreach (TestNode node in nodes)
            node.Local.Hold(after);
        List<Task<(List<TokenGenerated> Tokens, GenerationResult Result)>> runs = [];
        for (int i = 0; i < count; i++)
        {
            runs.Add(ThreeNodes.RunAsync(nodes[0], ThreeNodes.Prompt(conversation + i), tokens: 10));
            await ThreeNodes.AllKnowAsync(nodes, known + i + 1);
        }
        return [.. runs];
    }
}
