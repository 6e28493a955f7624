using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Pickle;

/// <summary>A storage, as a pickle names it: elements of one type, one behind the other, which tensors are views of.</summary>
/// <param name="Dtype">Type of its elements; null for a storage of bytes, whose tensors say their type.</param>
/// <param name="Key">Its name.</param>
/// <param name="Count">Elements that the pickle says it has.</param>
/// <param name="Begin">The element of the storage <paramref name="Key"/> that it begins with.</param>
internal sealed record TorchStorage(SafetensorsDtype? Dtype, string Key, long Count, long Begin = 0);

/// <summary>A tensor, as a pickle describes it: nothing of it has been checked.</summary>
/// <param name="Storage">Where its elements are.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Offset">The storage's element that it begins with.</param>
/// <param name="Shape">Its dimensions, slowest first.</param>
/// <param name="Strides">Elements from one index of a dimension to the next.</param>
internal sealed record TorchTensor(TorchStorage Storage, SafetensorsDtype Dtype, long Offset, long[] Shape, long[] Strides);

/// <summary>The type of a storage, or of a tensor's elements; null for bytes of any.</summary>
internal sealed record TorchType(SafetensorsDtype? Dtype);
