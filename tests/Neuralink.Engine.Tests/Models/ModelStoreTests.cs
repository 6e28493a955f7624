using Neuralink.Engine.Tests.Pipeline;
using Neuralink.Storage;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Models;

/// <summary>A model opened by its folder, as a server does it.</summary>
public sealed class ModelStoreTests : IDisposable
{
    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly string _cache = Directory.CreateTempSubdirectory("neuralink-store-").FullName;
    private readonly List<string> _notes = [];
    private readonly List<string> _works = [];

    private ModelSetup Setup => new() { Folder = _model.Folder, Engine = new EngineOptions { Threads = 1 } };

    public void Dispose()
    {
        _model.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public async Task A_folder_is_packed_once_and_opened_with_what_suits_it()
    {
        List<double> shares = [];
        ModelStore store = Store((title, work) =>
        {
            _works.Add(title);
            work(new ReportedShares(shares));
        });
        await using (NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(Setup, store))
        {
            engine.Name.Should().Be(Path.GetFileName(_model.Folder));
            engine.Profile.Should().BeNull("no device was measured");
            (await engine.RunAsync(new int[] { 1, 2, 3 }, count: 2)).Tokens.Should().HaveCount(2);
        }
        shares[^1].Should().Be(1);
        _notes.Should().Contain(note => note.StartsWith("packing ")).And.Contain(note => note.StartsWith("strategy "));
        await using NeuralinkEngine again = await NeuralinkEngine.OpenAsync(Setup with { Strategy = ExecutionStrategy.Serial }, store);
        again.Strategy.Name.Should().Be("serial");
        _works.Should().Equal("packing");
    }

    [Fact]
    public async Task The_context_may_follow_from_the_models_own_tokens()
    {
        ModelSetup setup = Setup with { ContextTokens = (tokenizer, _) => tokenizer.Encode("Once").Length + 5 };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(setup, Store());
        engine.ContextTokens.Should().Be(engine.Tokenizer.Encode("Once").Length + 5);
    }

    [Fact]
    public async Task An_image_in_the_cache_that_is_damaged_is_packed_again_and_a_given_one_is_refused()
    {
        ModelStore store = Store();
        LocatedModel located = store.Locate(_model.Folder);
        string resident = Path.Combine(located.Image, "resident.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(resident);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(resident, bytes);
        ModelSetup given = Setup with { Folder = located.Image };
        await ((Func<Task>)(() => NeuralinkEngine.OpenAsync(given, store))).Should().ThrowAsync<NeuralinkException>();
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(Setup, store);
        _notes.Should().Contain(note => note.Contains("is damaged"));
    }

    [Fact]
    public async Task Without_a_cache_folder_only_images_are_opened()
    {
        (await ((Func<Task>)(() => NeuralinkEngine.OpenAsync(Setup))).Should().ThrowAsync<NeuralinkException>())
            .WithMessage("*a cache folder*neuralink pack*");
        ModelSetup image = Setup with { Folder = Store().Locate(_model.Folder).Image };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image);
        engine.Model.LayerCount.Should().BePositive();
    }

    [Theory]
    [InlineData(10, null, 1000, 128)]
    [InlineData(10, 7, 17, 7)]
    [InlineData(10, null, 17, 7)]
    public void Tokens_fit_the_context(int prompt, int? asked, int context, int expected)
    {
        ContextFit.MaxTokens(prompt, asked, context, _notes.Add).Should().Be(expected);
        _notes.Should().HaveCount(asked is null && expected < ContextFit.DefaultMaxTokens ? 1 : 0, "who asked for none is told of less");
    }

    [Theory]
    [InlineData(10, 8, 17)]
    [InlineData(17, null, 17)]
    public void More_than_the_context_is_refused(int prompt, int? asked, int context) =>
        FluentActions.Invoking(() => ContextFit.MaxTokens(prompt, asked, context)).Should().Throw<NeuralinkException>()
            .WithMessage($"*context of {context} tokens*{prompt} + *");

    private ModelStore Store(Action<string, Action<IProgress<double>>>? show = null)
    {
        ModelStoreOptions options = new() { CacheFolder = _cache, Note = _notes.Add };
        return new ModelStore(show is null ? options : options with { ShowProgress = show });
    }

    private sealed class ReportedShares(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
