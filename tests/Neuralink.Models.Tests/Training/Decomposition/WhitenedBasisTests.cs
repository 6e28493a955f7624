using Neuralink.Kernels;
using Neuralink.Models.Training;
using Neuralink.Models.Training.Decomposition;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Training.Decomposition;

/// <summary>The moments and the basis at ragged sizes, against plain loops in double.</summary>
public sealed class WhitenedBasisTests
{
    private const int Inputs = 21, Neurons = 83, Tokens = 301;

    private readonly Random _random = new(5);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Moments_are_the_mean_and_the_covariance(int threads)
    {
        LayerSamples samples = Samples();
        using WorkerPool pool = new(threads);
        InputMoments moments = InputMoments.Of(pool, samples, Enumerable.Range(0, Tokens).ToArray(), CancellationToken.None);
        (double[] mean, double[] covariance) = Plain(samples);
        for (int i = 0; i < Inputs; i++)
        {
            moments.Mean[i].Should().BeApproximately((float)mean[i], 1e-5f);
            for (int j = 0; j < Inputs; j++)
                moments.Covariance[(i * moments.Width) + j].Should().BeApproximately((float)covariance[(i * Inputs) + j], 1e-4f);
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(5, 1)]
    [InlineData(10, 2)]
    public void No_matrix_of_the_rank_is_closer_on_such_inputs(int rank, int threads)
    {
        LayerSamples samples = Samples();
        float[] w = [.. Enumerable.Range(0, Neurons * Inputs).Select(_ => _random.NextSingle() - 0.5f)];
        using WorkerPool pool = new(threads);
        InputMoments moments = InputMoments.Of(pool, samples, Enumerable.Range(0, Tokens).ToArray(), CancellationToken.None);
        WhitenedBasis basis = WhitenedBasis.Find(pool, w, Neurons, moments, rank, seed: 1, progress: null, CancellationToken.None);

        // The least error that any matrix of the rank leaves is the sum of the other eigenvalues of W C W^T.
        (double[] values, _) = SymmetricEigen.Solve(Output(w, Plain(samples).Covariance), Neurons);
        double all = values.Sum(), best = all - values.Take(rank).Sum();
        double kept = 0;
        double[] output = Output(w, Plain(samples).Covariance);
        for (int k = 0; k < rank; k++)
        {
            double[] u = [.. Enumerable.Range(0, Neurons).Select(n => (double)basis.U[(n * basis.Width) + k])];
            u.Sum(x => x * x).Should().BeApproximately(1, 1e-4);
            for (int i = 0; i < Neurons; i++)
            {
                for (int j = 0; j < Neurons; j++)
                    kept += u[i] * output[(i * Neurons) + j] * u[j];
            }
        }
        (all - kept).Should().BeApproximately(best, 2e-3 * all);
        basis.Variances.Take(rank).Should().BeInDescendingOrder();
        basis.Variances.Take(rank).Sum().Should().BeApproximately(kept, 1e-3 * all);
        for (int i = 0; i < Inputs; i++)
        {
            double v = Enumerable.Range(0, Neurons).Sum(n => (double)w[(n * Inputs) + i] * basis.U[n * basis.Width]);
            basis.V[i * basis.Width].Should().BeApproximately((float)v, 1e-4f);
        }
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        LayerSamples samples = Samples();
        float[] w = [.. Enumerable.Range(0, Neurons * Inputs).Select(_ => _random.NextSingle() - 0.5f)];
        float[][] found =
        [
            .. new[] { 1, 2, 5 }.Select(threads =>
            {
                using WorkerPool pool = new(threads);
                InputMoments moments = InputMoments.Of(pool, samples, Enumerable.Range(0, Tokens).ToArray(), CancellationToken.None);
                return WhitenedBasis.Find(pool, w, Neurons, moments, rank: 6, seed: 1, progress: null, CancellationToken.None).U;
            }),
        ];
        found[1].Should().Equal(found[0]);
        found[2].Should().Equal(found[0]);
    }

    [Fact]
    public void More_directions_than_there_are_do_no_harm()
    {
        float[] w = new float[Neurons * Inputs];        // of rank 1
        for (int n = 0; n < Neurons; n++)
        {
            for (int i = 0; i < Inputs; i++)
                w[(n * Inputs) + i] = (n + 1) * (i + 1) * 1e-3f;
        }
        using WorkerPool pool = new(2);
        InputMoments moments = InputMoments.Of(pool, Samples(), Enumerable.Range(0, Tokens).ToArray(), CancellationToken.None);
        WhitenedBasis basis = WhitenedBasis.Find(pool, w, Neurons, moments, rank: 4, seed: 1, progress: null, CancellationToken.None);
        basis.U.Should().OnlyContain(value => float.IsFinite(value));
        basis.Variances[1].Should().BeLessThan(1e-6 * basis.Variances[0]);
    }

    // Inputs whose columns differ in size and depend on each other, with a mean: W alone says little about W x.
    private LayerSamples Samples()
    {
        Random random = new(3);
        Half[] inputs = new Half[Tokens * Inputs];
        for (int token = 0; token < Tokens; token++)
        {
            double shared = random.NextDouble() - 0.5;
            for (int i = 0; i < Inputs; i++)
                inputs[(token * Inputs) + i] = (Half)(((random.NextDouble() - 0.5) / (1 + i)) + (shared * (i % 3)) + 0.25);
        }
        IReadOnlyList<int>[] active = [.. Enumerable.Repeat<IReadOnlyList<int>>([0], Tokens)];
        return new LayerSamples(inputs, Inputs, ActivationMatrix.FromLists(Neurons, active));
    }

    private static (double[] Mean, double[] Covariance) Plain(LayerSamples samples)
    {
        float[] x = new float[Tokens * Inputs];
        samples.Gather([.. Enumerable.Range(0, Tokens)], x);
        double[] mean = [.. Enumerable.Range(0, Inputs).Select(i => Enumerable.Range(0, Tokens).Average(t => (double)x[(t * Inputs) + i]))];
        double[] covariance = new double[Inputs * Inputs];
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j < Inputs; j++)
            {
                covariance[(i * Inputs) + j] = Enumerable.Range(0, Tokens)
                    .Average(t => (x[(t * Inputs) + i] - mean[i]) * (x[(t * Inputs) + j] - mean[j]));
            }
        }
        return (mean, covariance);
    }

    /// <summary>W C W^T.</summary>
    private static double[] Output(float[] w, double[] covariance)
    {
        double[] half = new double[Neurons * Inputs], output = new double[Neurons * Neurons];
        for (int n = 0; n < Neurons; n++)
        {
            for (int j = 0; j < Inputs; j++)
                half[(n * Inputs) + j] = Enumerable.Range(0, Inputs).Sum(i => w[(n * Inputs) + i] * covariance[(i * Inputs) + j]);
        }
        for (int n = 0; n < Neurons; n++)
        {
            for (int m = 0; m < Neurons; m++)
                output[(n * Neurons) + m] = Enumerable.Range(0, Inputs).Sum(i => half[(n * Inputs) + i] * w[(m * Inputs) + i]);
        }
        return output;
    }
}
