using System.Numerics.Tensors;

namespace Neuralink.Models.Synthetic;

/// <summary>The directions of the residual stream that mean something; each of length 1, and nearly orthogonal.</summary>
/// <param name="Constant">[d]: what all tokens have in common; thresholds lie along it.</param>
/// <param name="Clusters">[clusters][d].</param>
internal sealed record Directions(float[] Constant, float[][] Clusters)
{
    /// <summary>
    /// Random ones in the first half of <paramref name="width"/> dimensions; the other half is what makes tokens individual.
    /// </summary>
    public static Directions Draw(NormalRows normals, int width, int clusterCount)
    {
        float[] constant = Unit(normals.Row(WeightPart.Constant, 0, 0, width / 2));
        return new Directions(constant, [.. Enumerable.Range(0, clusterCount).Select(Cluster)]);

        float[] Cluster(int cluster)
        {
            float[] direction = Unit(normals.Row(WeightPart.Cluster, 0, cluster, width / 2));
            Remove(constant, direction);
            return direction;
        }

        float[] Unit(ReadOnlySpan<float> half)
        {
            float[] direction = new float[width];
            half.CopyTo(direction);
            Normalise(direction);
            return direction;
        }
    }

    /// <summary>The same behind a projection [d, width].</summary>
    public Directions Project(float[] projection)
    {
        return new Directions(Apply(Constant), Array.ConvertAll(Clusters, Apply));

        float[] Apply(float[] direction)
        {
            float[] projected = new float[projection.Length / direction.Length];
            for (int i = 0; i < projected.Length; i++)
                projected[i] = TensorPrimitives.Dot(projection.AsSpan(i * direction.Length, direction.Length), direction);
            Normalise(projected);
            return projected;
        }
    }

    /// <summary>x -= (x . direction) direction.</summary>
    public static void Remove(ReadOnlySpan<float> direction, Span<float> x) =>
        TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot(x, direction), x, x);

    private static void Normalise(Span<float> x) => TensorPrimitives.Multiply(x, 1 / TensorPrimitives.Norm<float>(x), x);
}
