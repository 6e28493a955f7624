namespace Neuralink.Actors.Protocols;

/// <summary>What the pipeline tells its actors when it starts: those they talk to that did not exist when they were made.</summary>
public static class PipelineProtocol
{
    public sealed record Wire(IActorRef Predictor, IActorRef Generation) : INoSerializationVerificationNeeded;
}
