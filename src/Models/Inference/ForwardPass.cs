namespace Neuralink.Models.Inference;

/// <summary>
/// What goes through all layers together: rows of any sequences, prompt chunks beside single tokens. Put together once a pass and reused.
/// A row depends on no row of another sequence, so its result has the very bits of running alone.
/// </summary>
/// <param name="rowsMax">The most rows.</param>
public sealed class ForwardPass(int rowsMax)
{
    private readonly PassRow[] _rows = new PassRow[rowsMax];
    private readonly int[] _wanted = new int[rowsMax];
    private int _wantedCount;

    /// <summary>The most rows.</summary>
    public int RowsMax => _rows.Length;

    /// <summary>B: rows it has.</summary>
    public int Count { get; private set; }

    /// <summary>The rows, in the order in which they were added.</summary>
    public ReadOnlySpan<PassRow> Rows => _rows.AsSpan(0, Count);

    /// <summary>The rows whose logits are wanted, ascending.</summary>
    public ReadOnlySpan<int> WantedRows => _wanted.AsSpan(0, _wantedCount);

    /// <summary>Begins a new pass: no rows.</summary>
    public void Clear()
    {
        _rows.AsSpan(0, Count).Clear();        // keeps no sequence that has ended
        Count = 0;
        _wantedCount = 0;
    }

    /// <summary>
    /// Adds a row for each of <paramref name="tokens"/>, which follow those of <paramref name="sequence"/>.
    /// The sequence grows by them.
    /// </summary>
    /// <param name="sequence">Whose.</param>
    /// <param name="tokens">At least one, and no more than there is room for.</param>
    /// <param name="logits">Of how many of the last of these the logits are wanted: 0 to all.</param>
    /// <exception cref="KvPoolExhaustedException">The sequence finds no blocks; neither it nor the pass has changed.</exception>
    public void Add(KvSequence sequence, ReadOnlySpan<int> tokens, int logits)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length, nameof(tokens));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens.Length, RowsMax - Count, nameof(tokens));
        ArgumentOutOfRangeException.ThrowIfNegative(logits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logits, tokens.Length);
        int position = sequence.Length;
        sequence.Append(tokens.Length);
        for (int i = 0; i < tokens.Length; i++)
        {
            bool wantsLogits = i >= tokens.Length - logits;
            if (wantsLogits)
                _wanted[_wantedCount++] = Count;
            _rows[Count++] = new PassRow(tokens[i], sequence, position + i, wantsLogits);
        }
    }
}

/// <summary>One token of a pass.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Sequence">Whose keys and values it attends to.</param>
/// <param name="Position">Tokens of the sequence before it.</param>
/// <param name="WantsLogits">Whether what follows it is wanted.</param>
public readonly record struct PassRow(int Token, KvSequence Sequence, int Position, bool WantsLogits);
