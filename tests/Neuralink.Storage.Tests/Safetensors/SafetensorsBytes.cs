using System.Buffers.Binary;
using System.Text;

namespace Neuralink.Storage.Tests.Safetensors;

/// <summary>Safetensors files made by hand, right or wrong.</summary>
internal static class SafetensorsBytes
{
    public const string SmallHeader =
        """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"""
        + """ "b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}""";

    public static byte[] Small => File(SmallHeader, dataBytes: 19);

    public static byte[] File(string header, int dataBytes) => File(header, Enumerable.Range(1, dataBytes).Select(i => (byte)i).ToArray());

    public static byte[] File(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, json.Length);
        return [.. prefix, .. json, .. data];
    }

    public static string Tensor(string name, string dtype, string shape, string offsets) =>
        $$"""
        "{{name}}":{"dtype":"{{dtype}}","shape":{{shape}},"data_offsets":{{offsets}}}
        """;
}
