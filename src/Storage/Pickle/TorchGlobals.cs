using System.Collections.Frozen;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// What a checkpoint's pickle may name: the constructors and constants that torch.save writes for tensors. Each of them is made here, as
/// plain values; nothing of Python's is ever run. Format: PyTorch's torch/_utils.py and torch/serialization.py.
/// </summary>
internal static class TorchGlobals
{
    private const string OnlyTensors = "nothing in a checkpoint but tensors, and what holds them";
    private const string Advice = "it was not run; if you trust the file, convert the model to safetensors";

    private static readonly (string Name, SafetensorsDtype Dtype)[] s_storages =
    [
        ("Float", SafetensorsDtype.F32), ("Double", SafetensorsDtype.F64), ("Half", SafetensorsDtype.F16),
        ("BFloat16", SafetensorsDtype.BF16), ("Long", SafetensorsDtype.I64), ("Int", SafetensorsDtype.I32),
        ("Short", SafetensorsDtype.I16), ("Char", SafetensorsDtype.I8), ("Byte", SafetensorsDtype.U8), ("Bool", SafetensorsDtype.BOOL),
        ("ComplexFloat", SafetensorsDtype.C64),
    ];

    private static readonly (string Name, SafetensorsDtype Dtype)[] s_types =
    [
        ("float32", SafetensorsDtype.F32), ("float64", SafetensorsDtype.F64), ("float16", SafetensorsDtype.F16),
        ("bfloat16", SafetensorsDtype.BF16), ("int64", SafetensorsDtype.I64), ("int32", SafetensorsDtype.I32),
        ("int16", SafetensorsDtype.I16), ("int8", SafetensorsDtype.I8), ("uint8", SafetensorsDtype.U8), ("uint16", SafetensorsDtype.U16),
        ("uint32", SafetensorsDtype.U32), ("uint64", SafetensorsDtype.U64), ("bool", SafetensorsDtype.BOOL),
        ("complex64", SafetensorsDtype.C64), ("float8_e4m3fn", SafetensorsDtype.F8_E4M3), ("float8_e5m2", SafetensorsDtype.F8_E5M2),
    ];

    private static readonly FrozenDictionary<string, PickleGlobal> s_byName = All().ToFrozenDictionary(g => g.Name, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, TorchType> s_typeOf =
        s_storages.Select(row => (Name: $"torch.{row.Name}Storage", Type: new TorchType(row.Dtype)))
            .Concat(s_types.Select(row => (Name: $"torch.{row.Name}", Type: new TorchType(row.Dtype))))
            .Append((Name: "torch.storage.UntypedStorage", Type: new TorchType(Dtype: null)))
            .ToFrozenDictionary(row => row.Name, row => row.Type, StringComparer.Ordinal);

    /// <summary>The global of that name.</summary>
    /// <exception cref="InvalidPickleException">It is none that a checkpoint needs; the message names it.</exception>
    public static PickleGlobal Find(string module, string name) =>
        s_byName.GetValueOrDefault($"{module}.{name}")
        ?? throw new InvalidPickleException(OnlyTensors, $"the global {module}.{name}", Advice);

    /// <summary>The type that a storage's class or a dtype stands for.</summary>
    public static TorchType TypeOf(object? value) => value is PickleGlobal global && s_typeOf.TryGetValue(global.Name, out TorchType? type)
        ? type
        : throw new InvalidPickleException("the type of a storage", PickleMachine.Describe(value));

    private static IEnumerable<PickleGlobal> All() =>
    [
        new("collections.OrderedDict", OrderedDictionary),
        new("torch._utils._rebuild_tensor", Tensor),
        new("torch._utils._rebuild_tensor_v2", Tensor),
        new("torch._utils._rebuild_tensor_v3", TypedTensor),
        new("torch._utils._rebuild_parameter", First),
        new("torch._utils._rebuild_parameter_with_state", First),
        new("torch._tensor._rebuild_from_type_v2", FromType),
        new("torch.Tensor"), new("torch.nn.parameter.Parameter"), new("torch.nn.parameter.Buffer"),
        new("torch.Size", First), new("torch.device", static _ => null), new("torch.storage.UntypedStorage"),
        .. s_storages.Select(row => new PickleGlobal($"torch.{row.Name}Storage")),
        .. s_types.Select(row => new PickleGlobal($"torch.{row.Name}")),
    ];

    /// <summary>OrderedDict(), or OrderedDict of a list of keys and values, as Python 2 wrote it.</summary>
    private static PickleDictionary OrderedDictionary(object?[] arguments)
    {
        PickleDictionary dictionary = new();
        foreach (object? item in arguments is [List<object?> items, ..] ? items : [])
        {
            switch (item)
            {
                case List<object?> { Count: 2 } pair: dictionary.Set(pair[0], pair[1]); break;
                case object?[] { Length: 2 } pair: dictionary.Set(pair[0], pair[1]); break;
                default: throw new InvalidPickleException("a key and a value", PickleMachine.Describe(item));
            }
        }
        return dictionary;
    }

    /// <summary>_rebuild_tensor_v2(storage, storage_offset, size, stride, ...).</summary>
    private static TorchTensor Tensor(object?[] arguments) => Tensor(arguments, dtype: null);

    /// <summary>_rebuild_tensor_v3(storage, storage_offset, size, stride, requires_grad, backward_hooks, dtype, ...).</summary>
    private static TorchTensor TypedTensor(object?[] arguments) => arguments.Length > 6
        ? Tensor(arguments, TypeOf(arguments[6]).Dtype)
        : throw new InvalidPickleException("a tensor with its type", "one without");

    private static TorchTensor Tensor(object?[] arguments, SafetensorsDtype? dtype)
    {
        if (arguments is not [TorchStorage storage, long offset, object?[] shape, object?[] strides, ..])
        {
            string found = string.Join(", ", arguments.Take(4).Select(PickleMachine.Describe));
            throw new InvalidPickleException("a tensor as a storage, an offset, sizes and strides", found);
        }
        return new TorchTensor(storage, dtype ?? storage.Dtype ?? SafetensorsDtype.U8, offset, Integers(shape), Integers(strides));
    }

    private static long[] Integers(object?[] values) =>
        [.. values.Select(value => value is long number ? number : throw new InvalidPickleException(
            "whole numbers as the sizes of a tensor", PickleMachine.Describe(value)))];

    private static object? First(object?[] arguments) => arguments is [var first, ..]
        ? first
        : throw new InvalidPickleException("an argument for a constructor", "none");

    /// <summary>_rebuild_from_type_v2(function, type, arguments, state): the function's result, as that type.</summary>
    private static object? FromType(object?[] arguments) => arguments is [PickleGlobal { Call: { } call }, _, object?[] inner, ..]
        ? call(inner)
        : throw new InvalidPickleException("a constructor with its arguments", string.Join(", ", arguments.Select(PickleMachine.Describe)));
}
