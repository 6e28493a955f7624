using Neuralink.Models.Checkpoints;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Checkpoints;

public sealed class CheckpointNamesTests
{
    private const string Up = "model.layers.0.mlp.up_proj.weight";

    [Theory]
    [InlineData(Up, "layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "module.model.layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "base_model.model.model.layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "_orig_mod.model.layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "model.layers.0._checkpoint_wrapped_module.mlp.up_proj.weight")]
    [InlineData(Up, "language_model.model.layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "transformer.layers.0.mlp.up_proj.weight")]
    [InlineData(Up, "actor.net.model.layers.0.mlp.up_proj.weight")]
    [InlineData("lm_head.weight", "module.lm_head.weight")]
    [InlineData("model.norm.weight", "norm.weight")]
    [InlineData("model.decoder.layers.1.fc1.bias", "decoder.layers.1.fc1.bias")]
    [InlineData("model.decoder.layers.1.fc1.bias", "layers.1.fc1.bias")]
    [InlineData("model.decoder.embed_positions.weight", "module.decoder.embed_positions.weight")]
    public void What_wraps_a_model_does_not_hide_it(string name, string there) =>
        Names(there, "other.weight").Find(name).Should().Be(there);

    [Theory]
    [InlineData(Up, "model.layers.1.mlp.up_proj.weight")]
    [InlineData(Up, "model.layers.0.mlp.up_proj.bias")]
    [InlineData(Up, "model.layers.0.mlp.up_proj.base_layer.weight")]
    [InlineData("lm_head.weight", "score.weight")]
    public void Another_tensor_is_not_taken_for_it(string name, string there) => Names(there).Find(name).Should().BeNull();

    [Fact]
    public void An_unknown_prefix_is_one_if_no_other_has_layers()
    {
        CheckpointNames alone = Names("actor.layers.0.mlp.up_proj.weight", "actor.layers.1.mlp.up_proj.weight", "actor.norm.weight");
        alone.Find(Up).Should().Be("actor.layers.0.mlp.up_proj.weight");
        alone.Find("model.norm.weight").Should().Be("actor.norm.weight");
        CheckpointNames two = Names("actor.layers.0.mlp.up_proj.weight", "critic.layers.0.mlp.up_proj.weight");
        two.Find(Up).Should().BeNull();
        CheckpointNames vision = Names("vision_model.layers.0.mlp.up_proj.weight", "language_model.model.layers.0.mlp.up_proj.weight");
        vision.Find(Up).Should().Be("language_model.model.layers.0.mlp.up_proj.weight");
    }

    [Fact]
    public void Of_several_the_one_that_is_called_exactly_so_counts()
    {
        Names("layers.0.mlp.up_proj.weight", Up).Find(Up).Should().Be(Up);
        FluentActions.Invoking(() => Names("layers.0.mlp.up_proj.weight", $"module.{Up}").Find(Up)).Should().Throw<NeuralinkException>()
            .WithMessage($"*one tensor for {Up}*layers.0.mlp.up_proj.weight and module.{Up}*more than one model*");
    }

    private static CheckpointNames Names(params string[] names) => new("folder", "model.layers", names);
}
