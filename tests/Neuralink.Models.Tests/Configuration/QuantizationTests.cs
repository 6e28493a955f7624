namespace Neuralink.Models.Tests.Configuration;

/// <summary>A quantized checkpoint is refused by the method that made it, wherever that is stated.</summary>
public sealed class QuantizationTests : IDisposable
{
    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("quantization_config", """{ "quant_method": "gptq", "bits": 4, "group_size": 128 }""", "gptq of 4 bits")]
    [InlineData("quantization_config", """{ "quant_method": "awq", "bits": 4, "zero_point": true, "version": "gemm" }""", "awq of 4 bits")]
    [InlineData("quantization_config", """{ "quant_method": "bitsandbytes", "load_in_4bit": true }""", "bitsandbytes")]
    [InlineData("quantization_config", """{ "load_in_8bit": true, "llm_int8_threshold": 6.0 }""", "bitsandbytes")]
    [InlineData("quantization_config", """{ "quant_method": "compressed-tensors", "format": "float-quantized" }""", "compressed-tensors")]
    [InlineData("quantization_config", """{ "config_groups": {}, "format": "pack-quantized" }""", "pack-quantized")]
    [InlineData("quantization_config", """{ "quant_method": "fp8", "weight_block_size": [128, 128] }""", "fp8")]
    [InlineData("quantization_config", """{ "quant_method": "quanto", "weights": "int4" }""", "quanto")]
    [InlineData("quantization_config", """{ "quant_method": "mxfp4", "modules_to_not_convert": ["x"] }""", "mxfp4")]
    [InlineData("quantization_config", """{ "quant_algo": "FP8", "kv_cache_quant_algo": null }""", "FP8")]
    [InlineData("quantization_config", """{ "version": "0.6.0" }""", "a method of no name")]
    [InlineData("quantization_config", "\"gptq\"", "gptq")]
    [InlineData("compression_config", """{ "quant_method": "compressed-tensors" }""", "compressed-tensors")]
    [InlineData("quantization", """{ "group_size": 64, "bits": 4 }""", "group_size")]
    [InlineData("load_in_8bit", "true", "bitsandbytes")]
    [InlineData("load_in_4bit", "true", "bitsandbytes")]
    public void The_method_is_named(string key, string value, string method)
    {
        _folder.Refused(ConfigFolder.Llama, key, value, $"at {key}: expected weights that are not quantized", method);
        _folder.Refused(ConfigFolder.Opt, key, value, key, method);
    }

    [Theory]
    [InlineData("quantization_config", "null")]
    [InlineData("quantization_config", "{}")]
    [InlineData("quantization_config", """{ "quant_method": "bitsandbytes", "load_in_4bit": false, "load_in_8bit": false }""")]
    [InlineData("load_in_8bit", "false")]
    public void What_is_switched_off_is_not_there(string key, string value) =>
        _folder.Read(ConfigFolder.Llama, key, value).LayerCount.Should().Be(3);
}
