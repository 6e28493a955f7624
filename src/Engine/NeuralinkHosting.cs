using Akka.Hosting;
using Neuralink.Actors.Hosting;

namespace Neuralink;

/// <summary>How an engine comes into a host's actor system.</summary>
public static class NeuralinkHosting
{
    /// <summary>
    /// Adds the dispatchers that an engine's actors run on, so that <see cref="NeuralinkEngine"/> can be given the host's actor
    /// system. Engines of one system share their threads: several that are to run at the same time have systems of their own.
    /// </summary>
    public static AkkaConfigurationBuilder AddNeuralinkActors(this AkkaConfigurationBuilder builder) =>
        builder.AddHocon(ActorHosting.Dispatchers, HoconAddMode.Append);
}
