namespace Neuralink.Actors.Runtime.Tests;

/// <summary>What is public here must exist in Akka.NET 1.5, or the actors would not compile against it. docs/akka-subset.md lists the
/// members.</summary>
public sealed class PublicSurfaceTests
{
    [Fact]
    public void Only_types_of_akka_are_public()
    {
        string[] akka =
        [
            "ActorBase", "ActorInitializationException", "ActorKilledException", "ActorRefImplicitSenderExtensions", "ActorRefs", "ActorSystem",
            "AkkaException", "AskTimeoutException", "Config", "ConfigurationException", "ConfigurationFactory", "DeadLetter",
            "DeathPactException", "Debug", "Directive", "Error", "EventStream", "Failure", "Futures", "GracefulStopSupport", "IActorContext",
            "IActorRef", "IActorRefFactory", "ICanTell", "ICanWatch", "ILoggingAdapter", "INoSerializationVerificationNeeded", "IScheduler",
            "ITimerScheduler", "IWithTimers", "Info", "InvalidActorNameException", "InvalidMessageException", "Kill", "LogEvent", "LogLevel",
            "Logging", "LoggingExtensions", "Nobody", "OneForOneStrategy", "PipeToSupport", "PoisonPill", "Props", "ReceiveActor",
            "ReceiveTimeout", "Status", "Success", "SupervisorStrategy", "Terminated", "UnhandledMessage", "UntypedActor", "UntypedReceive",
            "Warning",
        ];

        typeof(ActorSystem).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(ActorSystem).Namespace)
            .Select(type => type.Name)
            .Should().BeEquivalentTo(akka);
    }
}
