using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Traces;

/// <summary>
/// How far an unfinished trace has come: a trailer after its data, which is cut off when the trace is finished. It has two records, each in
/// a sector of its own. A record is a token count of 8 bytes and the CRC-32C of these. The records are written in turn. So if the program
/// or the machine stops in the middle of a write, one of them is still whole.
/// </summary>
internal static class ActivationTraceProgress
{
    /// <summary>The bytes of the trailer: one sector for each record.</summary>
    public const int TrailerBytes = 2 * SectorBytes;

    private const int SectorBytes = 512;
    private const int CountBytes = sizeof(long);
    private const int RecordBytes = CountBytes + sizeof(uint);

    /// <summary>Writes record number <paramref name="turn"/> % 2.</summary>
    public static void Write(SafeFileHandle file, long trailerOffset, int turn, long tokensDone)
    {
        Span<byte> record = stackalloc byte[RecordBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, tokensDone);
        BinaryPrimitives.WriteUInt32LittleEndian(record[CountBytes..], Crc32C.Compute(record[..CountBytes]));
        RandomAccess.Write(file, record, trailerOffset + (turn % 2 * SectorBytes));
    }

    /// <summary>
    /// The largest count of the records that are whole and possible, and the turn that does not overwrite this record. 0 and 0
    /// if there is none.
    /// </summary>
    public static (int TokensDone, int NextTurn) Read(SafeFileHandle file, long trailerOffset, int tokenCount)
    {
        (int Done, int NextTurn) best = (0, 0);
        Span<byte> record = stackalloc byte[RecordBytes];
        for (int turn = 0; turn < 2; turn++)
        {
            if (RandomAccess.Read(file, record, trailerOffset + (turn * SectorBytes)) < RecordBytes)
                continue;
            long done = BinaryPrimitives.ReadInt64LittleEndian(record);
            bool isWhole = BinaryPrimitives.ReadUInt32LittleEndian(record[CountBytes..]) == Crc32C.Compute(record[..CountBytes]);
            if (isWhole && done > best.Done && done <= tokenCount)
                best = ((int)done, turn + 1);
        }
        return best;
    }
}
