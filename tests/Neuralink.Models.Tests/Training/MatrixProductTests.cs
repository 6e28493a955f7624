using Neuralink.Models.Training;

namespace Neuralink.Models.Tests.Training;

public sealed class MatrixProductTests
{
    private static readonly int[] s_rows = [0, 1, 3, 4, 7, 9], s_columns = [0, 16, 32, 64, 80, 144], s_inner = [0, 1, 5, 33];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Equals_its_reference_at_ragged_sizes_and_strides(bool transposed, bool add)
    {
        Random random = new(1);
        foreach ((int m, int n, int k) in s_rows.SelectMany(m => s_columns.SelectMany(n => s_inner.Select(k => (m, n, k)))))
        {
            ProductShape shape = new(m, n, k, transposed ? 1 : k + 3, transposed ? m + 2 : 1, n + 5, n + 1);
            float[] a = Values(random, (m + 3) * (k + 3)), b = Values(random, k * (n + 5)), c = Values(random, (m * (n + 1)) + 7),
                expected = [.. c];
            MatrixProduct.Multiply(a, b, c, shape, add);
            MatrixProduct.Reference(a, b, expected, shape, add);
            for (int i = 0; i < c.Length; i++)
                c[i].Should().BeApproximately(expected[i], 1e-4f, "of {0} at {1}", shape, i);
        }
    }

    [Fact]
    public void Any_split_of_the_rows_gives_the_same_bits()
    {
        const int M = 13, N = 80, K = 70;
        Random random = new(2);
        float[] a = Values(random, M * K), b = Values(random, K * N), whole = new float[M * N], parts = new float[M * N];
        MatrixProduct.Multiply(a, b, whole, new ProductShape(M, N, K, K, 1, N, N), add: false);
        foreach ((int begin, int end) in ((int, int)[])[(0, 1), (1, 6), (6, 13)])
        {
            MatrixProduct.Multiply(
                a.AsSpan(begin * K), b, parts.AsSpan(begin * N), new ProductShape(end - begin, N, K, K, 1, N, N), add: false);
        }
        parts.Should().Equal(whole);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        float[] values = new float[64];
        Refused(new ProductShape(4, 15, 2, 2, 1, 16, 16));
        Refused(new ProductShape(4, 16, 17, 17, 1, 16, 16));
        Refused(new ProductShape(5, 16, 2, 2, 1, 16, 16));
        Refused(new ProductShape(2, 16, 2, 2, 1, 8, 16));
        Refused(new ProductShape(-1, 16, 2, 2, 1, 16, 16));

        void Refused(ProductShape shape) =>
            FluentActions.Invoking(() => MatrixProduct.Multiply(values, values, new float[64], shape, add: false))
                .Should().Throw<ArgumentException>();
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
}
