using System.Text;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Tests.Safetensors;

public sealed class SafetensorsHeaderTests
{
    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}   """, 4)]
    [InlineData(
        """
        {"b":{"data_offsets":[2,4],"more":{"x":[1]},"shape":[1],"dtype":"I16"},
         "a":{"dtype":"F16","shape":[1,1],"data_offsets":[0,2]}}
        """,
        4)]
    [InlineData("""{"__metadata__":null,"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1)]
    [InlineData("{}", 0)]
    public void What_the_format_allows_is_read(string header, int dataBytes)
    {
        (IReadOnlyList<TensorInfo> tensors, _) = SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(header), 100, dataBytes);
        tensors.Sum(tensor => tensor.LengthBytes).Should().Be(dataBytes);
        tensors.Select(tensor => tensor.FileOffset).Should().BeInAscendingOrder();
    }

    [Theory]
    [InlineData("F4", "[2,2]")]
    [InlineData("F6_E3M2", "[4]")]
    [InlineData("Unknown", "[7]")]
    [InlineData("f32", "[1]")]
    [InlineData("", "[9223372036854775807,9223372036854775807]")]
    public void A_tensor_of_an_unknown_type_is_as_long_as_it_says(string dtype, string shape)
    {
        string header = $"{{{SafetensorsBytes.Tensor("a", dtype, shape, "[0,3]")},{SafetensorsBytes.Tensor("b", "I8", "[1]", "[3,4]")}}}";
        (IReadOnlyList<TensorInfo> tensors, _) = SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(header), 100, 4);
        (tensors[0].Dtype, tensors[0].DtypeName, tensors[0].LengthBytes).Should().Be((SafetensorsDtype.Unknown, dtype, 3));
        (tensors[1].DtypeName, tensors[1].FileOffset).Should().Be(("I8", 103));
    }

    [Theory]
    [InlineData("", "*JSON object*")]
    [InlineData(" {}", "*'{'*")]
    [InlineData("[]", "*JSON object*")]
    [InlineData("{", "*JSON*")]
    [InlineData("{} x", "*JSON*")]
    [InlineData("{}{}", "*JSON*")]
    [InlineData("""{"a":1}""", "*tensor 'a' as a JSON StartObject*Number*")]
    [InlineData("""{"__metadata__":{"n":1}}""", "*metadata 'n' as a JSON String*")]
    [InlineData("""{"__metadata__":{"n":"1","n":"2"}}""", "*metadata 'n' twice*")]
    [InlineData("""{"__metadata__":[]}""", "*__metadata__*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "*dtype, shape and data_offsets of tensor 'a'*")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", "*one shape of tensor 'a'*two*")]
    public void A_header_of_another_form_is_refused(string header, string message) => Refused(header, 4, message);

    [Theory]
    [InlineData("F32", "[-1]", "[0,4]", "*shape of tensor 'a'*-1*")]
    [InlineData("F32", "[1.0]", "[0,4]", "*shape of tensor 'a'*1.0*")]
    [InlineData("F32", "[\"1\"]", "[0,4]", "*shape of tensor 'a'*String*")]
    [InlineData("F32", "[9223372036854775808]", "[0,4]", "*shape of tensor 'a'*9223372036854775808*")]
    [InlineData("F32", "[4294967296,4294967296]", "[0,4]", "*63 bits*")]
    [InlineData("F32", "[4611686018427387905]", "[0,4]", "*63 bits*")]
    [InlineData("F32", "[1]", "[0]", "*[begin, end]*1 numbers*")]
    [InlineData("F32", "[1]", "[0,4,8]", "*[begin, end]*3 numbers*")]
    [InlineData("F32", "[1]", "[4,0]", "*bytes 4 to 0*")]
    [InlineData("F32", "[2]", "[0,8]", "*tensor 'a' within the 4 bytes of data*0 to 8*")]
    [InlineData("F32", "[1]", "[9223372036854775803,9223372036854775807]", "*tensor 'a' within the 4 bytes of data*")]
    [InlineData("F16", "[1]", "[0,4]", "*2 bytes of tensor 'a', F16 [1], found 4*")]
    [InlineData("F32", "[0]", "[0,0]", "*file to end*byte 0*4 bytes*")]
    [InlineData("F16", "[1]", "[0,2]", "*file to end behind tensor 'a', at byte 2*4 bytes*")]
    [InlineData("F16", "[1]", "[2,4]", "*a hole*")]
    [InlineData("F4", "[-1]", "[0,4]", "*shape of tensor 'a'*-1*")]
    [InlineData("F4", "[8]", "[0,8]", "*tensor 'a' within the 4 bytes of data*")]
    public void A_tensor_that_does_not_fit_its_data_is_refused(string dtype, string shape, string offsets, string message) =>
        Refused($"{{{SafetensorsBytes.Tensor("a", dtype, shape, offsets)}}}", 4, message);

    [Theory]
    [InlineData("a", "[0,2]", "b", "[0,2]", "*'b' to begin at byte 2*overlap*")]
    [InlineData("a", "[0,2]", "b", "[1,3]", "*'b' to begin at byte 2*overlap*")]
    [InlineData("a", "[2,4]", "b", "[1,3]", "*'b' to begin at byte 0*hole*")]
    [InlineData("a", "[0,2]", "a", "[2,4]", "*tensor 'a' twice*")]
    [InlineData("a", "[0,2]", "\\u0061", "[2,4]", "*tensor 'a' twice*")]
    public void Tensors_that_contradict_each_other_are_refused(
        string first, string firstOffsets, string second, string secondOffsets, string message) => Refused(
        $"{{{SafetensorsBytes.Tensor(first, "F16", "[1]", firstOffsets)},{SafetensorsBytes.Tensor(second, "F16", "[1]", secondOffsets)}}}",
        4, message);

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused()
    {
        byte[] header = Encoding.UTF8.GetBytes("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""");
        header[2] = 0xff;
        FluentActions.Invoking(() => SafetensorsHeader.Parse(header, 0, 4)).Should().Throw<InvalidSafetensorsException>()
            .WithMessage("*UTF-8*");
    }

    private static void Refused(string header, long dataBytes, string message) => FluentActions
        .Invoking(() => SafetensorsHeader.Parse(Encoding.UTF8.GetBytes(header), 0, dataBytes))
        .Should().Throw<InvalidSafetensorsException>().WithMessage(message);
}
