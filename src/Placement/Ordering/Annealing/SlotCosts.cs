using System.Numerics;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// An order under search: for every slot and every token of a sample, what the token would pay more if it wanted the bundle at that slot. With these at
/// hand, what an exchange of two neurons changes is a sum over the tokens that want one of them; only an exchange that is made has to find the
/// costs around its two slots anew.
/// </summary>
internal sealed class SlotCosts
{
    private const int WordBits = 64, Half = WordBits / 2;

    private readonly TokenSample _sample;
    private readonly GapCost _gap;
    private readonly int _rowWords;
    private readonly ulong[] _wanted;       // [tokens, row]: bit Half + slot, so that there are bits before the first slot and behind the last
    private readonly byte[] _units;         // [slots, tokens]
    private readonly int[] _order;
    private readonly int[] _slots;

    /// <param name="sample">The tokens.</param>
    /// <param name="gap">What distances cost.</param>
    /// <param name="order">The neuron at each slot to begin with.</param>
    public SlotCosts(TokenSample sample, GapCost gap, ReadOnlySpan<int> order)
    {
        _sample = sample;
        _gap = gap;
        _rowWords = ((order.Length + WordBits - 1) / WordBits) + 2;
        _wanted = new ulong[(long)sample.TokenCount * _rowWords];
        _units = new byte[(long)order.Length * sample.TokenCount];
        _order = order.ToArray();
        _slots = new int[order.Length];
        for (int slot = 0; slot < order.Length; slot++)
        {
            _slots[order[slot]] = slot;
            foreach (int token in sample.TokensOf(order[slot]))
                Flip(token, slot);
        }
        for (int slot = 0; slot < order.Length; slot++)
        {
            for (int token = 0; token < sample.TokenCount; token++)
                _units[(slot * sample.TokenCount) + token] = UnitsAt(token, slot);
        }
    }

    /// <summary>The neuron at each slot.</summary>
    public ReadOnlySpan<int> Order => _order;

    /// <summary>The slot of <paramref name="neuron"/>.</summary>
    public int SlotOf(int neuron) => _slots[neuron];

    /// <summary>Bytes for a sample of <paramref name="tokenCount"/> tokens.</summary>
    public static long BytesOf(int neuronCount, int tokenCount) =>
        tokenCount * (neuronCount + ((((neuronCount + WordBits - 1) / WordBits) + 2L) * sizeof(ulong)));

    /// <summary>Units that all tokens together pay more once the neurons at <paramref name="a"/> and <paramref name="b"/> change places.</summary>
    /// <param name="a">A slot.</param>
    /// <param name="b">Another, at least <see cref="GapCost.Reach"/> away: nearer ones would have to do with each other.</param>
    public int ChangeOfSwap(int a, int b)
    {
        ReadOnlySpan<byte> atA = UnitsOf(a), atB = UnitsOf(b);
        int change = 0;
        foreach (int token in _sample.TokensOf(_order[a]))
            change += atB[token] - atA[token];
        foreach (int token in _sample.TokensOf(_order[b]))
            change += atA[token] - atB[token];
        return change;
    }

    /// <summary>Makes the neurons at two slots change places.</summary>
    public void Swap(int a, int b)
    {
        ReadOnlySpan<int> wantA = _sample.TokensOf(_order[a]), wantB = _sample.TokensOf(_order[b]);
        FlipBoth(wantA, a, b);
        FlipBoth(wantB, a, b);
        (_order[a], _order[b]) = (_order[b], _order[a]);
        (_slots[_order[a]], _slots[_order[b]]) = (a, b);
        Renew(wantA, a, b);
        Renew(wantB, a, b);
    }

    private ReadOnlySpan<byte> UnitsOf(int slot) => _units.AsSpan(slot * _sample.TokenCount, _sample.TokenCount);

    private void Flip(int token, int slot) => _wanted[(token * _rowWords) + ((Half + slot) / WordBits)] ^= 1UL << (Half + slot);

    private void FlipBoth(ReadOnlySpan<int> tokens, int a, int b)
    {
        foreach (int token in tokens)
        {
            Flip(token, a);
            Flip(token, b);
        }
    }

    private void Renew(ReadOnlySpan<int> tokens, int a, int b)
    {
        foreach (int token in tokens)
        {
            RenewAround(token, a);
            RenewAround(token, b);
        }
    }

    private void RenewAround(int token, int centre)
    {
        int begin = Math.Max(0, centre - _gap.Reach + 1), end = Math.Min(_order.Length, centre + _gap.Reach);
        for (int slot = begin, at = (begin * _sample.TokenCount) + token; slot < end; slot++, at += _sample.TokenCount)
            _units[at] = UnitsAt(token, slot);
    }

    // The slot's own bit, in the middle of the window, does not count.
    private byte UnitsAt(int token, int slot)
    {
        int word = (token * _rowWords) + (slot / WordBits), shift = slot % WordBits;
        ulong window = shift == 0 ? _wanted[word] : (_wanted[word] >> shift) | (_wanted[word + 1] << (WordBits - shift));
        int right = Math.Min(_gap.Reach, BitOperations.TrailingZeroCount(window >> (Half + 1)) + 1);
        int left = Math.Min(_gap.Reach, BitOperations.LeadingZeroCount(window << Half) + 1);
        return _gap.Of(left, right);
    }
}
