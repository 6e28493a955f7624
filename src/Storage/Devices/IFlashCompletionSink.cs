namespace Neuralink.Storage.Devices;

/// <summary>Where completed reads go.</summary>
public interface IFlashCompletionSink
{
    /// <summary>
    /// Takes back a completed read, which may be submitted again at once. Called on a thread of the device, so
    /// it is short and does not throw.
    /// </summary>
    public void Completed(FlashRead read);
}
