using Neuralink.Models.Sampling;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Sampling;

public class SamplerTests
{
    private static readonly SamplingOptions s_unfiltered = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0 };

    // So hot that all that is kept is about equally probable: what is drawn is what was kept.
    private static readonly SamplingOptions s_hot = s_unfiltered with { Temperature = 1e6f };

    public static TheoryData<SamplingOptions> Filters => new()
    {
        s_hot,
        s_hot with { TopK = 1 },
        s_hot with { TopK = 7 },
        s_hot with { TopK = 1000 },
        s_hot with { TopP = 0 },
        s_hot with { TopP = 0.3f },
        s_hot with { TopP = 0.9f },
        s_hot with { MinP = 0.02f },
        s_hot with { MinP = 0.3f },
        s_hot with { MinP = 1 },
        s_hot with { TopK = 10, RepeatPenalty = 1.7f },
        s_hot with { TopK = 10, RepeatPenalty = 0.4f, RepeatLastN = 2 },
        s_hot with { TopK = 10, RepeatPenalty = 1.7f, RepeatLastN = 0 },
        s_hot with { TopK = 12, TopP = 0.8f, MinP = 0.1f, RepeatPenalty = 1.2f },
        s_hot with { TopK = 10, FrequencyPenalty = 0.7f },
        s_hot with { TopK = 10, PresencePenalty = 1.1f, RepeatLastN = 4 },
        s_hot with { TopK = 10, FrequencyPenalty = -0.5f, PresencePenalty = -1, RepeatPenalty = 1.1f },
        s_hot with { TopK = 10, LogitBias = new Dictionary<int, float> { [3] = 9, [29] = -9, [7] = 0.5f }, FrequencyPenalty = 1 },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Each_filter_keeps_what_its_definition_keeps(SamplingOptions options)
    {
        Random random = new(1);
        for (int round = 0; round < 5; round++)
        {
            float[] logits = RandomLogits(random, 30);
            int[] recent = [.. Enumerable.Range(0, 9).Select(_ => random.Next(logits.Length))];
            Sampler sampler = new(options with { Seed = (ulong)round }, logits.Length);

            HashSet<int> drawn = [.. Enumerable.Range(0, 2000).Select(_ => sampler.Sample(logits, recent))];

            drawn.Should().BeEquivalentTo(NaiveSampler.Distribution(options, logits, recent).Select(token => token.Id));
        }
    }

    [Theory]
    [InlineData(1f, 0, 1f, 0f, 1f)]
    [InlineData(0.5f, 0, 1f, 0f, 1f)]
    [InlineData(1.5f, 8, 0.9f, 0.02f, 1.3f)]
    public void Draws_follow_the_distribution(float temperature, int topK, float topP, float minP, float penalty)
    {
        SamplingOptions options = new()
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepeatPenalty = penalty,
            Seed = 11,
        };
        float[] logits = [1.2f, 0.3f, -0.5f, 2f, 0f, 0.9f, 1.9f, -1f, 0.7f, 1.1f];
        int[] recent = [3, 3, 7];
        List<(int Id, double Probability)> expected = NaiveSampler.Distribution(options, logits, recent);
        Sampler sampler = new(options, logits.Length);
        int[] counts = new int[logits.Length];
        const int draws = 50_000;
        for (int i = 0; i < draws; i++)
            counts[sampler.Sample(logits, recent)]++;

        double chiSquare = expected.Sum(token => Math.Pow(counts[token.Id] - (draws * token.Probability), 2) / (draws * token.Probability));

        // The 99.9th percentile for 9 degrees of freedom; fewer candidates only lower it.
        chiSquare.Should().BeLessThan(27.9);
        counts.Sum().Should().Be(expected.Sum(token => counts[token.Id]), "nothing else is drawn");
    }

    [Fact]
    public void Equal_seeds_draw_equal_tokens_and_others_do_not()
    {
        float[] logits = RandomLogits(new Random(2), 1000);
        int[] Draw(ulong seed)
        {
            Sampler sampler = new(s_unfiltered with { Seed = seed }, logits.Length);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Sample(logits, []))];
        }

        Draw(5).Should().Equal(Draw(5));
        Draw(5).Should().NotEqual(Draw(6));
    }

    [Fact]
    public void Temperature_zero_takes_the_most_probable_token_and_the_lowest_id_of_equals()
    {
        Sampler sampler = new(SamplingOptions.Greedy, 5);

        sampler.Sample([0, 3, 1, 3, -1], []).Should().Be(1);
        sampler.Sample([-0f, -0f, 0f, -1, -2], []).Should().Be(0);
        sampler.Sample([float.NegativeInfinity, -5, -4, -6, -7], []).Should().Be(2);
    }

    [Fact]
    public void Temperature_zero_still_penalises_repetition_once_however_often_a_token_came()
    {
        Sampler sampler = new(SamplingOptions.Greedy with { RepeatPenalty = 2, RepeatLastN = 3 }, 3);

        sampler.Sample([10, 6, 4], [0, 0, 0]).Should().Be(1, "10 / 2 is less than 6");
        sampler.Sample([10, 4, 4], [0, 0, 0]).Should().Be(0, "10 / 2 is more than 4");
        sampler.Sample([10, 6, 4], [0, 2, 2, 2]).Should().Be(0, "only the last three count");
        sampler.Sample([-1, -1.5f, -3], [0]).Should().Be(1, "-1 * 2 is less than -1.5");
    }

    [Fact]
    public void Frequency_counts_each_time_and_presence_counts_once()
    {
        Sampler frequency = new(SamplingOptions.Greedy with { FrequencyPenalty = 1 }, 2);
        frequency.Sample([4, 2.5f], [0]).Should().Be(0, "4 - 1 is more than 2.5");
        frequency.Sample([4, 2.5f], [0, 0]).Should().Be(1, "4 - 2 is less than 2.5");

        Sampler presence = new(SamplingOptions.Greedy with { PresencePenalty = 1 }, 2);
        presence.Sample([4, 2.5f], [0, 0, 0]).Should().Be(0, "4 - 1 is more than 2.5 however often the token came");
    }

    [Fact]
    public void A_bias_bans_a_token_or_forces_it()
    {
        float[] logits = [5, 4, -20];

        new Sampler(SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [0] = -100 } }, 3)
            .Sample(logits, []).Should().Be(1);
        new Sampler(s_hot with { TopK = 1, LogitBias = new Dictionary<int, float> { [2] = 100 } }, 3).Sample(logits, []).Should().Be(2);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_bias_of_a_token_that_is_not_in_the_vocabulary_is_refused(int id) =>
        FluentActions.Invoking(() => new Sampler(new SamplingOptions { LogitBias = new Dictionary<int, float> { [id] = 1 } }, 3))
            .Should().Throw<NeuralinkException>().WithMessage($"*logit bias*0 to 2*{id}*");

    [Fact]
    public void Without_a_seed_each_sampler_draws_its_own()
    {
        float[] logits = RandomLogits(new Random(2), 1000);
        int[] Draw()
        {
            Sampler sampler = new(s_hot, logits.Length);
            return [.. Enumerable.Range(0, 50).Select(_ => sampler.Sample(logits, []))];
        }

        // Two equal draws of 50 from 1000 have a probability of 1000^-50.
        Draw().Should().NotEqual(Draw());
    }

    [Fact]
    public void Equal_logits_are_kept_in_order_of_their_ids()
    {
        Sampler sampler = new(s_hot with { TopK = 3 }, 6);
        float[] logits = [-0f, 0f, 1f, 0f, -0f, 0f];

        Enumerable.Range(0, 500).Select(_ => sampler.Sample(logits, [])).Distinct().Should().BeEquivalentTo([2, 0, 1]);
    }

    [Fact]
    public void A_token_at_minus_infinity_is_never_drawn()
    {
        Sampler sampler = new(s_hot, 4);
        float[] logits = [float.NegativeInfinity, 1, float.NegativeInfinity, 2];

        Enumerable.Range(0, 500).Select(_ => sampler.Sample(logits, [])).Distinct().Should().BeEquivalentTo([1, 3]);
    }

    [Theory]
    [InlineData(float.NaN, "*finite logits*NaN for token 2*")]
    [InlineData(float.PositiveInfinity, "*finite logits*token 2*")]
    public void Logits_that_are_no_numbers_are_a_clear_error(float bad, string message)
    {
        foreach (SamplingOptions options in (SamplingOptions[])[SamplingOptions.Greedy, new()])
        {
            Sampler sampler = new(options, 3);
            sampler.Invoking(s => s.Sample([0, 1, bad], [])).Should().Throw<NeuralinkException>().WithMessage(message);
        }
    }

    [Fact]
    public void Logits_that_exclude_every_token_are_a_clear_error()
    {
        Sampler sampler = new(new SamplingOptions(), 2);

        sampler.Invoking(s => s.Sample([float.NegativeInfinity, float.NegativeInfinity], []))
            .Should().Throw<NeuralinkException>().WithMessage("*every token*");
    }

    [Fact]
    public void The_wrong_number_of_logits_is_a_programmers_error()
    {
        new Sampler(new SamplingOptions(), 2).Invoking(s => s.Sample([1f], [])).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Nothing_is_allocated_a_token()
    {
        Random random = new(3);
        float[] logits = RandomLogits(random, 5000);
        int[] recent = [1, 2, 3];
        foreach (SamplingOptions options in (SamplingOptions[])
            [
                SamplingOptions.Greedy, s_unfiltered,
                new() { RepeatPenalty = 1.1f, FrequencyPenalty = 1, LogitBias = new Dictionary<int, float> { [4] = 1 } },
            ])
        {
            Sampler sampler = new(options, logits.Length);
            sampler.Sample(logits, recent);

            // The runtime itself may allocate something once. A token that allocates does so each time.
            long least = long.MaxValue;
            for (int attempt = 0; attempt < 5; attempt++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 20; i++)
                    sampler.Sample(logits, recent);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }
            least.Should().Be(0);
        }
    }

    private static float[] RandomLogits(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 8) - 4))];
}
