namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>Three nodes in one process: where requests run, and how their tokens come back.</summary>
public sealed class ClusteredEngineTests(ThreeNodes cluster) : IClassFixture<ThreeNodes>
{
    private readonly TestNode[] _nodes = cluster.Nodes;

    [Fact]
    public async Task A_conversation_stays_on_its_node_whichever_node_takes_the_request()
    {
        for (int conversation = 100; conversation < 106; conversation++)
        {
            int[] prompt = ThreeNodes.Prompt(conversation);
            (List<TokenGenerated> tokens, GenerationResult result) = await ThreeNodes.RunAsync(_nodes[conversation % 3], prompt);
            tokens.Select(t => t.Text).Should().Equal("0 ", "1 ", "2 ", "3 ");
            result.ReusedTokens.Should().Be(0);
            int[] next = [.. prompt, .. result.Tokens, 7];
            foreach (TestNode node in _nodes)
                (await ThreeNodes.RunAsync(node, next)).Result.ReusedTokens.Should().BeGreaterThanOrEqualTo(prompt.Length + 4);
        }
    }

    [Fact]
    public async Task A_new_conversation_goes_to_the_node_with_the_shortest_queue()
    {
        await ThreeNodes.AllKnowAsync(_nodes, 0);
        foreach (TestNode node in _nodes)
            node.Local.Hold();
        List<Task> runs = [];
        for (int conversation = 200; conversation < 206; conversation++)
        {
            runs.Add(ThreeNodes.RunAsync(_nodes[0], ThreeNodes.Prompt(conversation)));
            await ThreeNodes.AllKnowAsync(_nodes, runs.Count);
        }
        _nodes.Select(n => n.Local.Running).Should().Equal(2, 2, 2);
        foreach (TestNode node in _nodes)
            node.Local.Release();
        await Task.WhenAll(runs);
    }

    [Fact]
    public async Task A_slow_reader_pauses_its_own_sequence_only()
    {
        int[] prompt = ThreeNodes.Prompt(300);
        await ThreeNodes.RunAsync(_nodes[0], prompt);
        TestNode home = await HomeAsync(prompt);
        TestNode other = _nodes.First(n => n != home);
        int before = home.Local.Made;
        await using IAsyncEnumerator<GenerationEvent> slow = other.Engine.GenerateAsync(
            new GenerationRequest { Prompt = prompt, MaxTokens = 1000 }).GetAsyncEnumerator();
        (await slow.MoveNextAsync()).Should().BeTrue();
        int window = new ClusterOptions().WindowTokens;
        await Eventually.HoldsAsync(() => home.Local.Made - before >= window, "the window is filled");
        (await ThreeNodes.RunAsync(other, prompt, tokens: 200)).Tokens.Should().HaveCount(200);
        (home.Local.Made - before - 200).Should().BeLessThanOrEqualTo(window + 1, "the slow one waits for its reader");
        List<int> read = [((TokenGenerated)slow.Current).Id];
        while (await slow.MoveNextAsync())
        {
            if (slow.Current is TokenGenerated token)
                read.Add(token.Id);
        }
        read.Should().Equal(Enumerable.Range(0, 1000));
    }

    [Fact]
    public async Task Cancellation_crosses_nodes_and_is_over_when_the_enumeration_has_thrown()
    {
        int[] prompt = ThreeNodes.Prompt(400);
        await ThreeNodes.RunAsync(_nodes[0], prompt);
        TestNode home = await HomeAsync(prompt);
        int cancelled = home.Local.Cancelled;
        home.Local.Hold(after: 2);
        using CancellationTokenSource cancellation = new();
        Func<Task> reading = async () =>
        {
            GenerationRequest request = new() { Prompt = prompt, MaxTokens = 50 };
            await foreach (GenerationEvent happened in _nodes.First(n => n != home).Engine.GenerateAsync(request, cancellation.Token))
            {
                if (((TokenGenerated)happened).Id == 1)
                    await cancellation.CancelAsync();
            }
        };
        await reading.Should().ThrowAsync<OperationCanceledException>();
        home.Local.Running.Should().Be(0);
        home.Local.Cancelled.Should().Be(cancelled + 1);
        home.Local.Release();
    }

    [Fact]
    public async Task An_error_is_the_same_as_without_a_cluster()
    {
        int[] prompt = ThreeNodes.Prompt(500);
        await ThreeNodes.RunAsync(_nodes[0], prompt);
        TestNode home = await HomeAsync(prompt);
        NeuralinkException fault = new("read neurons", "4096 bytes", "512", "check the device");
        home.Local.Fault = fault;
        foreach (TestNode node in _nodes)
        {
            Func<Task> reading = () => ThreeNodes.RunAsync(node, prompt);
            (await reading.Should().ThrowAsync<NeuralinkException>()).Which.Message.Should().Be(fault.Message);
        }
        home.Local.Fault = null;
    }

    [Fact]
    public async Task A_node_with_another_model_is_refused_by_name()
    {
        await using TestNode stranger = await TestNode.StartAsync("stranger", [_nodes[0].Seed], digest: "other");
        Func<Task> joining = () => stranger.Node.WhenMember.WaitAsync(Eventually.Max);
        (await joining.Should().ThrowAsync<NeuralinkException>()).Which.Message.Should()
            .Contain("model of n").And.Contain("digest digest").And.Contain("model of stranger with digest other");
        stranger.Engine.IsReady.Should().BeFalse();
        await stranger.Invoking(n => ThreeNodes.RunAsync(n, [1])).Should().ThrowAsync<NeuralinkException>();
        await Eventually.HoldsAsync(() => stranger.IsStopping, "its host stops");
        (await ThreeNodes.RunAsync(_nodes[1], ThreeNodes.Prompt(600))).Tokens.Should().HaveCount(4);
    }

    /// <summary>The node that a conversation's text is kept on.</summary>
    private async Task<TestNode> HomeAsync(int[] prompt)
    {
        int[] before = [.. _nodes.Select(n => n.Local.Made)];
        await ThreeNodes.RunAsync(_nodes[0], prompt);
        return _nodes.Zip(before).Single(n => n.First.Local.Made > n.Second).First;
    }
}
