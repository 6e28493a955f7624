using Neuralink.Models.Weights;

namespace Neuralink.Models.Checkpoints;

/// <summary>A tensor of a checkpoint, or some rows of one.</summary>
/// <param name="Name">Its published name.</param>
/// <param name="Rows">Which rows; null is all.</param>
internal sealed record PublishedTensor(string Name, RowGroups? Rows = null);

/// <summary>Rows of a matrix that consists of groups of rows: the same part of each group, one after the other.</summary>
/// <param name="Groups">Groups of the matrix.</param>
/// <param name="GroupRows">Rows of a group.</param>
/// <param name="Begin">The first row of the part in its group.</param>
/// <param name="PartRows">Rows of the part.</param>
internal sealed record RowGroups(int Groups, int GroupRows, int Begin, int PartRows)
{
    /// <summary>Rows of the whole matrix.</summary>
    public int WholeRows => checked(Groups * GroupRows);

    /// <summary>Reads bytes of a tensor.</summary>
    public delegate void Reader(long offsetBytes, Span<byte> destination);

    /// <summary>The part as a tensor of its own.</summary>
    /// <param name="whole">The tensor that it is a part of, of <see cref="WholeRows"/> rows.</param>
    /// <param name="name">What the part is called.</param>
    public SourceTensor PartOf(SourceTensor whole, string name) => whole with
    {
        Name = name,
        Shape = whole.Shape.SetItem(0, Groups * PartRows),
        LengthBytes = whole.LengthBytes / WholeRows * (Groups * PartRows),
    };

    /// <summary>Reads bytes of the part, run by run of rows that follow each other in the whole.</summary>
    /// <param name="wholeBytes">Length of the whole.</param>
    /// <param name="offsetBytes">Where in the part to begin.</param>
    /// <param name="destination">Filled.</param>
    /// <param name="read">Reads from the whole.</param>
    public void Read(long wholeBytes, long offsetBytes, Span<byte> destination, Reader read)
    {
        long rowBytes = wholeBytes / WholeRows;
        while (!destination.IsEmpty)
        {
            (long row, long within) = (offsetBytes / rowBytes, offsetBytes % rowBytes);
            long whole = (row / PartRows * GroupRows) + Begin + (row % PartRows), run = PartRows - (row % PartRows);
            int count = (int)Math.Min((run * rowBytes) - within, destination.Length);
            read((whole * rowBytes) + within, destination[..count]);
            destination = destination[count..];
            offsetBytes += count;
        }
    }
}
