using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Image;

/// <summary>Reads and checks neuralink.json: first that it is an image of this version, then every field.</summary>
internal static class ImageManifestReader
{
    public static ImageManifest Read(string folder)
    {
        string path = PathOf(folder);
        ImageManifest manifest = VersionedJson.Read(path, ImageManifestJson.Default.ImageManifest, KindIn(folder));
        Check(path, manifest);
        return manifest;
    }

    /// <summary>The format version of the image in <paramref name="folder"/>, or null where there is none.</summary>
    public static int? VersionOf(string folder) => VersionedJson.VersionOf(PathOf(folder), KindIn(folder));

    private static string PathOf(string folder) => Path.Combine(folder, ImageManifest.FileName);

    private static VersionedJsonKind KindIn(string folder) => new(
        ImageManifest.FormatName, ImageManifest.CurrentVersion, "a flash image's manifest", NotThis: "this folder is no flash image",
        OtherVersion: $"pack the model it was made from again: neuralink pack MODEL {folder} --force",
        Damaged: "the image is damaged; pack the model again");

    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && Path.GetFileName(name) == name
            && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0;

    private static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static void Check(string path, ImageManifest m)
    {
        Require(path, m.LayerCount is > 0 and <= 1 << 12, "layer_count in 1..4096", m.LayerCount);
        Require(path, m.FfnCount == m.LayerCount || m.FfnCount == 1, "ffn_count as layer_count, or 1", m.FfnCount);
        Require(path, m.SlotCount is > 0 and <= 1 << 22, "slot_count in 1..4194304", m.SlotCount);
        Check(path, m.Weights);
        Require(path, m.Predictor == "exact", "predictor exact", m.Predictor);
        int stride = m.Bundle.StrideBytes;
        Require(
            path, stride is > 0 and <= 1 << 26 && stride % BundleCrc.StrideMultipleBytes == 0,
            "a bundle stride of a multiple of 512 up to 64 MiB", stride);
        Require(
            path, m.Bundle.PayloadBytes > 0 && m.Bundle.PayloadBytes <= stride - BundleCrc.SizeBytes,
            "a bundle payload that leaves 4 bytes of the stride", m.Bundle.PayloadBytes);
        Check(path, m.Placement);
        foreach (string name in (string[])[ImageFiles.Resident, ImageFiles.Neurons, ImageFiles.Placement, ImageFiles.Predictor])
            Require(path, m.Files.ContainsKey(name), $"the file {name} listed", "it is not");
        Require(path, ImageFiles.TokenizerForms.Any(m.Files.ContainsKey), $"the file {ImageFiles.Tokenizer} listed", "it is not");
        foreach ((string name, FileManifest file) in m.Files)
        {
            Require(path, IsPlainName(name), "plain file names", name);
            string expected = $"length and {FileDigest.Name} of {name}";
            Require(path, file is not null, expected, "null");      // annotations do not reach into dictionaries
            Require(path, file!.Bytes >= 0 && FileDigest.IsWellFormed(file.Xxh128), expected, file);
        }
    }

    private static void Check(string path, WeightsManifest w)
    {
        foreach (string name in (string[])[w.Rows, w.Down])
            Require(path, WeightsManifest.IsOfBundles(name), "bundles of f32, f16, bf16, q8_0 or q4_0", name);
        foreach (string name in w.Matrices)
            Require(path, WeightsManifest.IsOfMatrices(name), "matrices of f32, f16, bf16, q8_0, q4_0, q4_k or q6_k", name ?? "null");
        Require(
            path, w.LeavesDeciding || w.Predictor == w.Rows, $"a predictor of {w.Rows}, as the bundles' rows have it", w.Predictor);
    }

    private static void Check(string path, PlacementManifest p)
    {
        Require(path, p.Method.Length > 0, "a placement method", "an empty name");
        if (p.Trace is { } trace)
        {
            Require(path, IsSha256(trace.Sha256), "the SHA-256 of the placement's trace", trace.Sha256);
            Require(path, trace.TokenCount >= 0, "a token_count of 0 or more in the placement's trace", trace.TokenCount);
        }
        Require(path, p.Statistics is null == p.ReadCost is null, "placement statistics with their read_cost, or neither", "one of them");
        if (p is { Statistics: { } s, ReadCost: { } cost })
        {
            foreach (double value in (double[])[s.ReadsPerToken, s.MeanReadBundles, s.BytesReadPerByteUsed, s.MillisPerToken])
                Require(path, double.IsFinite(value) && value >= 0, "placement statistics of 0 or more", s);
            string? flaw = DeviceRead.Flaw(cost.Reads);
            Require(path, flaw is null, "the read_cost of a device", flaw ?? "");
        }
    }

    private static void Require(string path, bool holds, string expected, object found)
    {
        if (!holds)
            throw new NeuralinkException($"open {path}", expected, $"{found}", "the image is damaged; pack the model again");
    }
}
