namespace Neuralink.Hosting.Cluster.Membership;

/// <summary>The engine of this process, which <see cref="ClusteredEngine"/> stands in front of.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="IdentifyAsync">Says which model it runs, when it is ready.</param>
internal sealed record LocalEngine(INeuralinkEngine Engine, Func<Task<ModelIdentity>> IdentifyAsync)
{
    /// <summary>An engine that says itself what it runs.</summary>
    public static LocalEngine Of(INeuralinkEngine engine) => new(engine, async () =>
    {
        NeuralinkEngine opened = await engine.WhenReady.ConfigureAwait(false);
        return new ModelIdentity(opened.Name, opened.Image.ModelDigest);
    });
}

/// <summary>A model, as nodes compare theirs.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Digest">What makes it; another placement of its neurons has the same.</param>
internal sealed record ModelIdentity(string Name, string Digest);
