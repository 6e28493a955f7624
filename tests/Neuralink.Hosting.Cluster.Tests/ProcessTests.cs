using System.Globalization;
using Neuralink.Tests.Support;

namespace Neuralink.Hosting.Cluster.Tests;

/// <summary>Three nodes as processes with real engines: conversations through all three, one killed and one stopped under load.</summary>
public sealed class ProcessTests(RandomImage image) : IClassFixture<RandomImage>
{
    private const int LoadTokens = 40, PauseMillis = 25;

    [Fact]
    public async Task Every_request_is_accounted_for_when_a_node_is_killed_and_another_stopped()
    {
        if (OperatingSystem.IsWindows())
            return;      // no SIGTERM there
        int[] ports = [TestNode.FreePort(), TestNode.FreePort(), TestNode.FreePort()];
        string[] seeds = [.. ports.Select(p => $"127.0.0.1:{p}")];
        using NodeProcess staying = new(image.Folder, ports[0], seeds), killed = new(image.Folder, ports[1], seeds),
            stopped = new(image.Folder, ports[2], seeds);
        NodeProcess[] nodes = [staying, killed, stopped];
        foreach (NodeProcess node in nodes)
            await node.WhenReady.WaitAsync(Eventually.Max);

        await ConversationsStayAsync(nodes);

        // Each node takes requests, of conversations on all nodes.
        NodeRequest[] alone = Load(staying, 0), ofKilled = Load(killed, 100), ofStopped = Load(stopped, 200);
        await Eventually.HoldsAsync(
            () => new[] { alone, ofKilled, ofStopped }.All(l => l.Any(r => r.Tokens.Length > 0)), "texts have begun");
        killed.Kill();
        int code = await stopped.TerminateAsync();
        code.Should().Be(0, "a node that is asked to end does");
        stopped.OtherLines.Should().BeEmpty("standard output belongs to the host");

        string[] outcomes = await Task.WhenAll(alone.Concat(ofStopped).Select(r => r.Outcome)).WaitAsync(Eventually.Max);
        foreach ((NodeRequest request, string outcome) in alone.Concat(ofStopped).Zip(outcomes))
        {
            if (outcome.StartsWith("finished", StringComparison.Ordinal))
                request.Tokens.Should().HaveCount(LoadTokens);
            else
                outcome.Should().Match($"failed NodeLostException *:{killed.Port} is lost*send the request again*");
        }
        outcomes.Should().Contain(o => o.StartsWith("finished", StringComparison.Ordinal));
        (await Task.WhenAll(ofKilled.Select(r => r.Outcome))).Should().OnlyContain(o => o == "gone", "its clients saw it end");

        // What was lost can be sent again, and every conversation goes on with the node that is left.
        foreach (NodeRequest request in alone.Concat(ofKilled).Concat(ofStopped))
        {
            NodeRequest again = staying.Send(request.Conversation, request.Prompt, LoadTokens);
            (await again.Outcome.WaitAsync(Eventually.Max)).Should().StartWith("finished");
            again.Tokens.Should().StartWith(request.Tokens, "the text is the same");
        }
    }

    /// <summary>A follow-up through any node finds what the first request left.</summary>
    private async Task ConversationsStayAsync(NodeProcess[] nodes)
    {
        for (int i = 0; i < 3; i++)
        {
            NodeRequest first = nodes[i].Send($"talk{i}", Prompt(50 + i), tokens: 8);
            (await first.Outcome.WaitAsync(Eventually.Max)).Should().StartWith("finished");
            int[] next = [.. first.Prompt, .. first.Tokens, 1, 2];
            foreach (NodeProcess node in nodes)
            {
                string outcome = await node.Send(first.Conversation, next, tokens: 2).Outcome.WaitAsync(Eventually.Max);
                int.Parse(outcome.Split(' ')[1], CultureInfo.InvariantCulture).Should().BeGreaterThan(0, "of {0}", outcome);
            }
        }
    }

    private NodeRequest[] Load(NodeProcess node, int first) =>
        [.. Enumerable.Range(first, 4).Select(i => node.Send($"load{i}", Prompt(i), LoadTokens, PauseMillis))];

    /// <summary>A prompt of its own, whose beginning no other has.</summary>
    private int[] Prompt(int number) => [1 + (number % 90), .. image.Prompt];
}
