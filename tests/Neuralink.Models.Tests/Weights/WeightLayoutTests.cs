using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Safetensors;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Weights;

/// <summary>The files of resident weights hold every tensor once, where the kernels want it.</summary>
public sealed class WeightLayoutTests
{
    public static TheoryData<string> Models => [.. RandomModels.All.Select(spec => spec.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_tensor_is_there_once_and_products_begin_at_cache_lines(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        ModelConfig config = HuggingFaceConfig.Read(model.Folder);
        foreach (TensorPlace place in (TensorPlace[])[TensorPlace.Resident, TensorPlace.Predictor])
        {
            WeightLayout layout = WeightLayout.Of(config, WeightFormat.BF16, place);
            TensorSpec[] specs = [.. TensorCatalog.All(config).Where(s => s.Place == place)];
            layout.Tensors.Select(t => t.Spec).OfType<TensorSpec>().Should().BeEquivalentTo(specs);
            layout.Declarations.Select(d => d.Name).Should().OnlyHaveUniqueItems();
            long at = 0;
            string? product = null;
            foreach (LaidTensor tensor in layout.Tensors)
            {
                if (tensor.Spec is { } spec && (spec.Product is null || spec.Product != product))
                    (at % 64).Should().Be(0, "{0} begins at {1}", spec.Name, at);
                product = tensor.Spec?.Product;
                at += tensor.Declaration.LengthBytes;
            }
            layout.DataBytes.Should().Be(at);
        }
    }

    [Fact]
    public void Query_key_and_value_lie_one_behind_the_other_and_so_do_their_biases()
    {
        using RandomModel model = new(RandomModels.OptPreNorm);
        WeightLayout layout = WeightLayout.Of(HuggingFaceConfig.Read(model.Folder), WeightFormat.F32, TensorPlace.Resident);
        string[] names = [.. layout.Declarations.Select(d => d.Name)];
        string layer = "model.layers.1.self_attn";
        foreach (string part in (string[])["weight", "bias"])
        {
            int query = Array.IndexOf(names, $"{layer}.q_proj.{part}");
            names[query..(query + 3)].Should().Equal($"{layer}.q_proj.{part}", $"{layer}.k_proj.{part}", $"{layer}.v_proj.{part}");
        }
    }

    [Fact]
    public void Where_rows_are_no_whole_cache_lines_padding_follows()
    {
        using RandomModel model = new(RandomModels.ByName("bamboo-drelu"));      // 131 neurons, and so 131 rows of the gate
        ModelConfig config = HuggingFaceConfig.Read(model.Folder);
        config = config with { FfnSize = 131, HiddenSize = config.HiddenSize };
        TensorDeclaration[] tensors = [.. WeightLayout.Of(config, WeightFormat.F16, TensorPlace.Predictor).Declarations];
        long gate = 131L * config.HiddenSize * 2;
        tensors[1].Should().BeEquivalentTo(new { Name = "padding.0", Dtype = SafetensorsDtype.U8, LengthBytes = 64 - (gate % 64) });
    }
}
