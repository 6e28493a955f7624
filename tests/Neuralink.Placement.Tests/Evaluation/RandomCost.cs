using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Tests.Evaluation;

/// <summary>Curves of any shape that a device profile may have, with flat stretches and with slopes that grow or fall.</summary>
internal static class RandomCost
{
    public static ReadCost Create(Random random)
    {
        if (random.Next(3) == 0)
            return ReadCost.Linear(random.Next(3) * 10 * random.NextDouble(), 100 + (2000 * random.NextDouble()));
        List<ReadCostPoint> points = [];
        long bytes = 0;
        double micros = 1 + (10 * random.NextDouble());
        for (int i = random.Next(2, 6); i > 0; i--)
        {
            bytes += random.Next(1, 6000);
            points.Add(new ReadCostPoint(bytes, micros));
            micros += i > 2 && random.Next(4) == 0 ? 0 : 0.1 + (10 * random.NextDouble());
        }
        return new ReadCost(points);
    }
}
