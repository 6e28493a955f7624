namespace Neuralink.Kernels;

/// <summary>What belongs to one row of a sketch beside its packed weights.</summary>
/// <param name="Scale">A weight of level q (0 to 2^bits - 1) stands for Scale * (2 q - 2^bits + 1): half a step, from a level to
/// the middle between two.</param>
/// <param name="Error">The norm of what quantising took from the row, |w - w~|.</param>
public readonly record struct SketchRow(float Scale, float Error);
