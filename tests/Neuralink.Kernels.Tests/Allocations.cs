namespace Neuralink.Kernels.Tests;

internal static class Allocations
{
    /// <summary>Managed bytes this thread allocates in the second and third call of <paramref name="action"/>.</summary>
    public static long BytesOf(Action action)
    {
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
