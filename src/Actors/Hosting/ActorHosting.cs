using Akka.Configuration;
using Neuralink.Storage;

namespace Neuralink.Actors.Hosting;

/// <summary>How the actors of an engine come into an actor system: its own, or a host's.</summary>
internal static class ActorHosting
{
    public const string ComputeDispatcher = "neuralink.compute-dispatcher";

    public const string IoDispatcher = "neuralink.io-dispatcher";

    /// <summary>The dispatchers that an engine's actors run on.</summary>
    public static Config Dispatchers => Resource("dispatchers");

    /// <summary>What an engine's own system is configured by.</summary>
    public static Config OwnConfiguration => Resource("quiet").WithFallback(Dispatchers);

    /// <summary>An actor system for one engine, which prints nothing.</summary>
    public static ActorSystem NewSystem() => ActorSystem.Create("neuralink", OwnConfiguration);

    /// <exception cref="NeuralinkException">The system lacks the dispatchers.</exception>
    public static void Check(ActorSystem system)
    {
        if (!system.Dispatchers.HasDispatcher(ComputeDispatcher) || !system.Dispatchers.HasDispatcher(IoDispatcher))
        {
            throw new NeuralinkException(
                $"start the actors in the system {system.Name}",
                $"the dispatchers {ComputeDispatcher} and {IoDispatcher} in its configuration", "none",
                "call AddNeuralinkActors where the host configures Akka");
        }
    }

    private static Config Resource(string name)
    {
        using Stream stream = typeof(ActorHosting).Assembly.GetManifestResourceStream(typeof(ActorHosting), $"{name}.hocon")
            ?? throw new InvalidOperationException($"The assembly lacks its resource {name}.hocon.");
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }
}
