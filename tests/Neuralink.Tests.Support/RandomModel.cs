using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>
/// A small model of random weights as a Hugging Face folder, deleted when disposed. The weights are scaled so that some 10 to 30 % of the
/// neurons fire and logits spread over several units: greedy tokens are then no near ties. The same specification gives the same bytes.
/// </summary>
public sealed class RandomModel : IDisposable
{
    private readonly RandomModelSpec _spec;

    public RandomModel(RandomModelSpec spec)
    {
        _spec = spec;
        Folder = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
        WriteConfig(ConfigOf(spec));
        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), ByteTokenizer.Json());
        WriteWeights([.. TensorsOf(spec)]);
    }

    /// <summary>The Hugging Face folder.</summary>
    public string Folder { get; }

    /// <summary>The specification's config.json, for tests that change it.</summary>
    public JsonObject Config => ConfigOf(_spec);

    /// <summary>The weights of a specification, for tests that change them.</summary>
    public static IEnumerable<RandomTensor> TensorsOf(RandomModelSpec spec) => RandomWeights.Of(spec);

    /// <summary>Replaces config.json.</summary>
    public void WriteConfig(JsonObject config) => File.WriteAllText(Path.Combine(Folder, "config.json"), config.ToJsonString());

    /// <summary>Replaces model.safetensors, or its shards with their index.</summary>
    public void WriteWeights(IReadOnlyList<RandomTensor> tensors)
    {
        if (_spec.Shards == 1)
        {
            WriteFile("model.safetensors", tensors);
            return;
        }
        JsonObject map = [];
        foreach ((int shard, RandomTensor[] part) in tensors.Chunk((tensors.Count + _spec.Shards - 1) / _spec.Shards).Index())
        {
            string name = $"model-{shard + 1:D5}-of-{_spec.Shards:D5}.safetensors";
            WriteFile(name, part);
            foreach (RandomTensor tensor in part)
                map.Add(tensor.Name, name);
        }
        File.WriteAllText(Path.Combine(Folder, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void WriteFile(string name, IReadOnlyList<RandomTensor> tensors)
    {
        string path = Path.Combine(Folder, name);
        File.Delete(path);
        using SafetensorsWriter writer = SafetensorsWriter.Create(
            path, [.. tensors.Select(t => new TensorDeclaration(t.Name, t.Dtype, [.. t.Shape]))]);
        foreach (RandomTensor tensor in tensors)
            writer.Write(tensor.Name, tensor.Bytes());
        writer.Complete();
    }

    /// <summary>The config.json of a specification.</summary>
    public static JsonObject ConfigOf(RandomModelSpec s)
    {
        JsonObject config = new()
        {
            ["model_type"] = s.ModelType,
            ["vocab_size"] = s.Vocabulary,
            ["hidden_size"] = s.Hidden,
            ["num_hidden_layers"] = s.Layers,
            ["num_attention_heads"] = s.Heads,
            ["max_position_embeddings"] = s.Context,
            ["eos_token_id"] = ByteTokenizer.EndToken,
            ["tie_word_embeddings"] = s.Tied,
        };
        JsonObject family = s.IsOpt ? OptPart(s) : LlamaPart(s);
        foreach ((string name, JsonNode? value) in family)
            config.Add(name, value?.DeepClone());
        return config;
    }

    private static JsonObject OptPart(RandomModelSpec s) => new()
    {
        ["activation_function"] = s.Activation,
        ["ffn_dim"] = s.Ffn,
        ["word_embed_proj_dim"] = s.EmbeddingWidth,
        ["do_layer_norm_before"] = s.PreNorm,
        ["enable_bias"] = s.FfnBias,
    };

    private static JsonObject LlamaPart(RandomModelSpec s)
    {
        JsonObject config = new()
        {
            ["hidden_act"] = s.Activation,
            ["intermediate_size"] = s.Ffn,
            ["num_key_value_heads"] = s.KvHeads,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["attention_bias"] = s.AttentionBias,
            ["mlp_bias"] = s.FfnBias,
            ["sliding_window"] = s.SlidingWindow,
            ["rope_scaling"] = s.RopeScaling is null ? null : JsonNode.Parse(s.RopeScaling),
        };
        if (s.HeadSize is { } headSize)
            config["head_dim"] = headSize;
        if (s.Threshold is { } threshold)
            config["hidden_act_param"] = JsonSerializer.SerializeToNode(threshold);
        return config;
    }
}
