namespace Neuralink.Actors.Protocols;

/// <summary>One forward pass over a chunk of tokens. Messages of a pass that is over are dropped by this number.</summary>
internal readonly record struct PassId(long Value);
