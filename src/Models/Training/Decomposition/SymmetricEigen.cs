namespace Neuralink.Models.Training.Decomposition;

/// <summary>
/// Eigenvalues and eigenvectors of a small symmetric matrix by Jacobi's rotations (Golub and Van Loan, "Matrix Computations", 4th edition,
/// section 8.5): each makes one pair of elements zero, and after a few sweeps over all pairs nothing is left beside the diagonal.
/// </summary>
internal static class SymmetricEigen
{
    private const int SweepsMax = 30;

    private const double OffDiagonalMax = 1e-12;

    /// <summary>Solves A V = V diag(values), the values descending.</summary>
    /// <param name="a">[n, n], symmetric; overwritten.</param>
    /// <param name="n">Rows.</param>
    /// <returns>The values [n], and V [n, n] with an eigenvector a column.</returns>
    public static (double[] Values, double[] Vectors) Solve(double[] a, int n)
    {
        double[] v = new double[n * n];
        for (int i = 0; i < n; i++)
            v[(i * n) + i] = 1;
        double all = 0;
        foreach (double value in a)
            all += value * value;
        for (int sweep = 0; sweep < SweepsMax && OffDiagonal(a, n) > OffDiagonalMax * OffDiagonalMax * all; sweep++)
        {
            for (int p = 0; p < n - 1; p++)
            {
                for (int q = p + 1; q < n; q++)
                    Rotate(a, v, n, p, q);
            }
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => a[(i * n) + i])];
        double[] values = [.. order.Select(i => a[(i * n) + i])], vectors = new double[n * n];
        for (int row = 0; row < n; row++)
        {
            for (int column = 0; column < n; column++)
                vectors[(row * n) + column] = v[(order[column] * n) + row];
        }
        return (values, vectors);
    }

    private static double OffDiagonal(double[] a, int n)
    {
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
                sum += 2 * a[(i * n) + j] * a[(i * n) + j];
        }
        return sum;
    }

    /// <summary>Makes a[p, q] zero. The vectors lie in rows of v, so that all three loops run along rows or down two columns.</summary>
    private static void Rotate(double[] a, double[] v, int n, int p, int q)
    {
        double apq = a[(p * n) + q];
        if (apq == 0)
            return;
        double theta = (a[(q * n) + q] - a[(p * n) + p]) / (2 * apq);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt((theta * theta) + 1));
        double c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int k = 0; k < n; k++)
        {
            double kp = a[(k * n) + p], kq = a[(k * n) + q];
            a[(k * n) + p] = (c * kp) - (s * kq);
            a[(k * n) + q] = (s * kp) + (c * kq);
        }
        Mix(a.AsSpan(p * n, n), a.AsSpan(q * n, n), c, s);
        Mix(v.AsSpan(p * n, n), v.AsSpan(q * n, n), c, s);
    }

    private static void Mix(Span<double> p, Span<double> q, double c, double s)
    {
        for (int k = 0; k < p.Length; k++)
            (p[k], q[k]) = ((c * p[k]) - (s * q[k]), (s * p[k]) + (c * q[k]));
    }
}
