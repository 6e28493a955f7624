using Neuralink.Models.Training.Decomposition;

namespace Neuralink.Models.Tests.Training.Decomposition;

public sealed class ImportanceCutsTests
{
    [Fact]
    public void What_is_worth_most_for_a_prediction_is_found_first()
    {
        ImportanceCuts cuts = new(2);
        cuts.Add(0, [4, 3, 2, 1], [0, 5, 0, 0]);        // 5 for two predictions
        cuts.Add(1, [4, 3, 2, 1], [1, 0, 0, 1]);        // 1 for one, then 1 for three
        cuts.Choose(0.3).Should().Equal(2.5f, Silent(4, 2));
        cuts.Choose(0.5).Should().Equal(2.5f, 3.5f);
        cuts.Choose(1).Should().Equal(2.5f, 1f);
    }

    [Fact]
    public void Neurons_that_never_fire_are_not_predicted_where_they_were_seen()
    {
        ImportanceCuts cuts = new(1);
        cuts.Add(0, [-1, -3, -2], [0, 0, 0]);
        cuts.Choose(0.99)[0].Should().BeGreaterThan(-1);
    }

    [Fact]
    public void Equal_scores_are_not_cut_apart()
    {
        ImportanceCuts cuts = new(1);
        cuts.Add(0, [2, 2, 2, 0], [1, 0, 0, 0]);
        cuts.Choose(1).Should().Equal(1f);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.8)]
    [InlineData(0.95)]
    public void The_share_that_is_asked_for_is_found_with_no_more_lost_than_by_one_cut_for_all(double recall)
    {
        const int neurons = 23, tokens = 211;
        Random random = new(1);
        float[][] scores = new float[neurons][], importance = new float[neurons][];
        ImportanceCuts cuts = new(neurons);
        for (int n = 0; n < neurons; n++)
        {
            float scale = 1 + n, level = random.NextSingle();
            importance[n] = [.. Enumerable.Range(0, tokens).Select(_ => Math.Max(0, scale * (random.NextSingle() - level)))];
            scores[n] = [.. importance[n].Select(value => (value / scale) + (0.5f * random.NextSingle()))];
            cuts.Add(n, [.. scores[n]], [.. importance[n]]);
        }
        float[] chosen = cuts.Choose(recall);
        (int predicted, int found, double saved) = Count(n => chosen[n]);
        int active = importance.Sum(row => row.Count(value => value > 0));
        ((double)found / active).Should().BeGreaterThanOrEqualTo(recall);

        // One cut for all that predicts as much saves no more.
        float[] all = [.. scores.SelectMany(row => row).OrderDescending()];
        (_, _, double savedByOne) = Count(_ => all[predicted - 1]);
        saved.Should().BeGreaterThanOrEqualTo(savedByOne);

        (int Predicted, int Found, double Saved) Count(Func<int, float> cut)
        {
            (int p, int f, double s) = (0, 0, 0);
            for (int n = 0; n < neurons; n++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    if (scores[n][t] < cut(n))
                        continue;
                    p++;
                    f += importance[n][t] > 0 ? 1 : 0;
                    s += importance[n][t];
                }
            }
            return (p, f, s);
        }
    }

    private static float Silent(float highest, float middle) => highest + (highest - middle) + 1e-3f;
}
