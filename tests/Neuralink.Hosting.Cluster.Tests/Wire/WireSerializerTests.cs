using System.Reflection;
using Neuralink.Hosting.Cluster.Conversations;
using Neuralink.Hosting.Cluster.Membership;
using Neuralink.Hosting.Cluster.Wire;
using Neuralink.Models.Sampling;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Hosting.Cluster.Tests.Wire;

/// <summary>Messages come back as they went, and damaged ones not at all.</summary>
public sealed class WireSerializerTests
{
    private static readonly WireSerializer s_serializer = new(null!);

    private static readonly Guid s_id = new("6f9619ff-8b86-d011-b42d-00c04fc964ff");

    public static TheoryData<string> Manifests => [.. WireSerializer.Manifests];

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Every_message_comes_back_as_it_went(string manifest)
    {
        foreach (object message in Messages(manifest))
        {
            s_serializer.Manifest(message).Should().Be(manifest);
            s_serializer.FromBinary(s_serializer.ToBinary(message), manifest).Should().BeEquivalentTo(
                message, o => o.RespectingRuntimeTypes().Using<ReadOnlyMemory<int>>(
                    c => c.Subject.ToArray().Should().Equal(c.Expectation.ToArray())).WhenTypeIs<ReadOnlyMemory<int>>());
        }
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void A_message_that_was_cut_off_or_changed_is_refused(string manifest)
    {
        foreach (object message in Messages(manifest))
        {
            byte[] bytes = s_serializer.ToBinary(message);
            for (int length = 0; length < bytes.Length; length++)
                Refused(bytes[..length], manifest);
            Refused([.. bytes, 0], manifest);
            for (int at = 0; at < bytes.Length; at++)
            {
                byte[] changed = [.. bytes];
                changed[at] ^= 0x40;
                Refused(changed, manifest);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Bytes_that_lie_behind_a_right_checksum_are_refused_or_mean_something(string manifest)
    {
        Random random = new(1);
        foreach (object message in Messages(manifest))
        {
            byte[] bytes = s_serializer.ToBinary(message)[..^WireReader.ChecksumBytes];
            for (int round = 0; round < 2000; round++)
            {
                byte[] changed = [.. bytes];
                for (int flips = random.Next(1, 4); flips > 0 && changed.Length > 0; flips--)
                    changed[random.Next(changed.Length)] = (byte)random.Next(256);
                byte[] signed = [.. changed, .. System.IO.Hashing.XxHash32.Hash(changed).Reverse()];
                long before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    s_serializer.FromBinary(signed, manifest);
                }
                catch (NeuralinkException error)
                {
                    error.Message.Should().Contain(manifest).And.NotContain("\n");
                }
                (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 << 10);
            }
        }
    }

    [Fact]
    public void What_is_not_a_message_of_ours_is_refused_by_name()
    {
        ((Action)(() => s_serializer.FromBinary([], "gen-request-v0"))).Should().Throw<NeuralinkException>()
            .WithMessage("*gen-request-v1*found gen-request-v0*same version*");
        ((Action)(() => s_serializer.ToBinary("text"))).Should().Throw<NeuralinkException>().WithMessage("*String*");
    }

    [Fact]
    public void Every_property_of_a_request_is_set_in_the_tests()
    {
        foreach (object options in new object[] { Request(), Request().Sampling, Token() })
        {
            object defaults = options is GenerationRequest ? new GenerationRequest { Prompt = default }
                : options is TokenGenerated ? new TokenGenerated(0, "") : new SamplingOptions();
            options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Should().AllSatisfy(
                p => p.GetValue(options).Should().NotBe(p.GetValue(defaults), $"{p.Name} is to be seen to cross"));
        }
    }

    private static void Refused(byte[] bytes, string manifest) =>
        ((Action)(() => s_serializer.FromBinary(bytes, manifest))).Should().Throw<NeuralinkException>().WithMessage($"*{manifest}*");

    private static IEnumerable<object> Messages(string manifest) => new object[]
    {
        new ConversationProtocol.Generate(s_id, "conversation", "digest", 32, Request()),
        new ConversationProtocol.Generate(s_id, "", "", 1, new GenerationRequest { Prompt = new[] { 0 } }),
        new ConversationProtocol.Accepted(s_id),
        new ConversationProtocol.Happened(s_id, 5, Token()),
        new ConversationProtocol.Happened(s_id, long.MaxValue, new TokenGenerated(int.MinValue, "")),
        new ConversationProtocol.Happened(s_id, 6, new GenerationFinished(Result(), "tail")),
        new ConversationProtocol.Failed(s_id, 7, new GenerationFailure(FailureKind.Refused, "a", null, "b", "c", [1, -2])),
        new ConversationProtocol.HandedOver(s_id),
        new ConversationProtocol.Read(s_id, 3, 2, true),
        new ConversationProtocol.Cancel(s_id),
        new NodeProtocol.Report(1, "model", "digest", true, 3, [0, 4095]),
    }.Where(m => s_serializer.Manifest(m) == manifest);

    private static GenerationRequest Request() => new()
    {
        Prompt = new[] { 1, 50_000, 0 },
        MaxTokens = 7,
        Operation = "chat",
        Stop = ["\n\n", "für 漢字 \U0001f600"],
        LogProbs = 3,
        IgnoreEndTokens = true,
        SharesPrefix = true,
        Deadline = TimeSpan.FromSeconds(1.5),
        Conversation = "a name",
        Sampling = new SamplingOptions
        {
            Temperature = 0.25f,
            TopK = 1,
            TopP = 0.5f,
            MinP = 0.125f,
            RepeatPenalty = 1.5f,
            FrequencyPenalty = -1.25f,
            PresencePenalty = 0.75f,
            RepeatLastN = 9,
            LogitBias = new Dictionary<int, float> { [4] = -100, [5] = float.NegativeInfinity },
            Seed = ulong.MaxValue,
        },
    };

    private static TokenGenerated Token() => new(40, "text")
    {
        Piece = "piece",
        LogProbs = new TokenLogProbs(new TokenLogProb(40, -0.5), [new TokenLogProb(1, 0), new TokenLogProb(2, double.NegativeInfinity)]),
    };

    private static GenerationResult Result()
    {
        LayerCounters counters = new(2);
        foreach (Counter counter in Enum.GetValues<Counter>())
        {
            counters.Add(new LayerIndex(0), counter, 1000 + (int)counter);
            counters.Add(new LayerIndex(1), counter, 77L << (int)counter);
        }
        IoCounts io = new(counters, 96, 512, 10_000_000);
        return new GenerationResult
        {
            Text = "a text",
            PromptTokens = 5,
            ReusedTokens = 4,
            Tokens = [3, 2, 1],
            FinishReason = FinishReason.Length,
            Timings = new GenerationTimings
            {
                WaitMillis = 3,
                PromptMillis = 1.5,
                PredictedMillis = 2.5,
                FirstTokenMillis = 3.5,
                PromptPerSecond = 4.5,
                PredictedPerSecond = 5.5,
            },
            Io = io.Total,
            Layers = io.Layers,
        };
    }
}
