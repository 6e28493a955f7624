using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Neuralink.Models.Tokenizers.Decoders;

/// <summary>
/// Tokens such as &lt;0x0A&gt; become the bytes they name. A run of them is one text where it is UTF-8 as a whole; otherwise each of its
/// bytes becomes U+FFFD, good characters among them too. A text that is shown while it is made cannot wait for the end of the run: there
/// each character is shown when it is complete, up to the first byte that fits none.
/// </summary>
internal sealed class ByteFallbackStage(bool isStream) : DecoderStage
{
    private const int TokenLength = 6;

    /// <summary>The bytes of the run, or in a stream those of a character that is not complete.</summary>
    private readonly List<byte> _run = [];

    /// <summary>Whether the run of a stream has turned out to be no text.</summary>
    private bool _isBroken;

    public override void Take(string token)
    {
        if (ByteOf(token) is { } value)
        {
            _run.Add(value);
            if (isStream)
                Show();
            return;
        }
        EndRun();
        Next.Take(token);
    }

    public override void End()
    {
        EndRun();
        Next.End();
    }

    private static byte? ByteOf(string token) =>
        token.Length == TokenLength && token.StartsWith("<0x", StringComparison.Ordinal) && token[^1] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;

    private void EndRun()
    {
        _isBroken = false;
        if (_run.Count == 0)
            return;
        byte[] bytes = [.. _run];
        _run.Clear();
        if (Utf8.IsValid(bytes))
            Next.Take(Encoding.UTF8.GetString(bytes));
        else
            TakeReplacements(bytes.Length);
    }

    private void Show()
    {
        OperationStatus status = Rune.DecodeFromUtf8(CollectionsMarshal.AsSpan(_run), out Rune rune, out _);
        if (status == OperationStatus.NeedMoreData && !_isBroken)
            return;
        _isBroken |= status != OperationStatus.Done;
        int count = _run.Count;
        _run.Clear();
        if (_isBroken)
            TakeReplacements(count);
        else
            Next.Take(rune.ToString());
    }

    private void TakeReplacements(int count)
    {
        for (int i = 0; i < count; i++)
            Next.Take("\uFFFD");
    }
}
