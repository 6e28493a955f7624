namespace Neuralink.Storage.Devices;

/// <summary>A device over a file, which is read in the way asked for or, where that is impossible, in the next best.</summary>
public interface IFlashFile : IFlashDevice
{
    /// <summary>Why the file is not read in the way asked for; null where it is.</summary>
    public string? FallbackReason { get; }
}
