namespace Neuralink.Storage.Devices;

/// <summary>How a file is read.</summary>
public enum FlashAccess
{
    /// <summary>Past the operating system's page cache: what is read costs what flash costs, and takes no memory but the frames.</summary>
    Direct,

    /// <summary>Through the page cache.</summary>
    Buffered,

    /// <summary>Past the page cache by Linux's io_uring: one thread for all reads in flight, instead of a thread each.</summary>
    Uring,
}
