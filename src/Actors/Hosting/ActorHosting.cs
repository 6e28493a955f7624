using Akka.Configuration;
using Akka.Hosting;
using Neuralink.Storage;

namespace Neuralink.Actors.Hosting;

/// <summary>How the actors of an engine come into an actor system: its own, or a host's.</summary>
public static class ActorHosting
{
    internal const string ComputeDispatcher = "neuralink.compute-dispatcher";

    internal const string IoDispatcher = "neuralink.io-dispatcher";

    /// <summary>
    /// Adds the dispatchers that an engine's actors run on, so that <see cref="NeuralinkEngine.OpenAsync"/> can be given the host's actor
    /// system. Engines of one system share their threads: several that are to run at the same time have systems of their own.
    /// </summary>
    public static AkkaConfigurationBuilder AddNeuralinkActors(this AkkaConfigurationBuilder builder) =>
        builder.AddHocon(Resource("dispatchers"), HoconAddMode.Append);

    /// <summary>What an engine's own system is configured by.</summary>
    internal static Config OwnConfiguration => Resource("quiet").WithFallback(Resource("dispatchers"));

    /// <summary>An actor system for one engine, which prints nothing.</summary>
    internal static ActorSystem NewSystem() => ActorSystem.Create("neuralink", OwnConfiguration);

    /// <exception cref="NeuralinkException">The system lacks the dispatchers.</exception>
    internal static void Check(ActorSystem system)
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
