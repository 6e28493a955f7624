using Neuralink.Models.Training.Decomposition;

namespace Neuralink.Models.Tests.Training.Decomposition;

public sealed class SymmetricEigenTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(33)]
    public void A_matrix_is_its_vectors_and_values(int n)
    {
        double[] a = Symmetric(n);
        (double[] values, double[] v) = SymmetricEigen.Solve([.. a], n);
        values.Should().BeInDescendingOrder();
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double rebuilt = 0, dot = 0;
                for (int k = 0; k < n; k++)
                {
                    rebuilt += v[(i * n) + k] * values[k] * v[(j * n) + k];
                    dot += v[(k * n) + i] * v[(k * n) + j];
                }
                rebuilt.Should().BeApproximately(a[(i * n) + j], 1e-9);
                dot.Should().BeApproximately(i == j ? 1 : 0, 1e-9, "the vectors are orthonormal");
            }
        }
    }

    [Fact]
    public void Equal_values_and_zeros_are_no_trouble()
    {
        (double[] values, _) = SymmetricEigen.Solve([2, 0, 0, 0, 2, 0, 0, 0, 0], 3);
        values.Should().Equal(2, 2, 0);
        SymmetricEigen.Solve(new double[16], 4).Values.Should().OnlyContain(value => value == 0);
    }

    private static double[] Symmetric(int n)
    {
        Random random = new(n);
        double[] a = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
                a[(i * n) + j] = a[(j * n) + i] = random.NextDouble() - 0.5;
        }
        return a;
    }
}
