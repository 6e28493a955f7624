using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Neuralink.Storage.Image;

/// <summary>
/// Identifies the model of an image, whatever its placement: SHA-256 over the configuration (its JSON without white space), the formats of
/// the weights, and the digests of resident.safetensors and predictor.safetensors. neurons.safetensors is left out because its bytes follow
/// the placement; the predictor's file already holds a matrix of every neuron.
/// </summary>
internal static class ModelDigest
{
    public static string Of(ImageManifest manifest)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter writer = new(text))
            manifest.Model.WriteTo(writer);
        WeightsManifest w = manifest.Weights;
        string weights = w is { IsOne: true, LeavesDeciding: false }
            ? w.Rows : JsonSerializer.Serialize(w, ImageManifestJson.Default.WeightsManifest);
        text.Write(Encoding.UTF8.GetBytes(
            $"\n{weights}\n{manifest.Files[ImageFiles.Resident].Xxh128}\n{manifest.Files[ImageFiles.Predictor].Xxh128}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(text.WrittenSpan));
    }
}
