using Sluice.Core.Ledger;

namespace Sluice.Storage.Journal;

/// <summary>Reads records of one segment in order. Holds one buffer; used by one thread.</summary>
internal sealed class JournalReader(JournalFolder folder)
{
    private byte[] _buffer = new byte[256 * 1024];

    /// <summary>Decodes records from <paramref name="start"/> on until <paramref name="limit"/> bytes of the file or about <paramref name="maxRecords"/> records.</summary>
    /// <param name="start">A record's start.</param>
    /// <param name="limit">Bytes that are known to be written; <see cref="long.MaxValue"/> reads to the end of the file.</param>
    /// <param name="maxRecords">Bounds the batch.</param>
    /// <param name="batch">Receives the records.</param>
    /// <returns>Where the next record starts, and the bytes from there to the end of the file that are no whole, undamaged record (0 while there is more to read).</returns>
    public (JournalPosition Next, long Unreadable) Read(JournalPosition start, long limit, int maxRecords, LedgerBatch batch)
    {
        using var file = File.OpenHandle(folder.PathOf(start.Segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var end = Math.Min(limit, RandomAccess.GetLength(file));
        var offset = start.Offset;
        while (offset < end && batch.Count < maxRecords)
        {
            var wanted = (int)Math.Min(_buffer.Length, end - offset);
            var filled = RandomAccess.Read(file, _buffer.AsSpan(0, wanted), offset);
            var used = 0;
            while (batch.Count < maxRecords)
            {
                var length = JournalFrame.TryRead(_buffer.AsSpan(used, filled - used), out var body);
                if (length > 0)
                {
                    JournalDecoder.Decode(body, batch);
                    used += length;
                    continue;
                }

                if (length < 0 || (used == 0 && (filled == 0 || offset + filled >= end)))
                {
                    return (start with { Offset = offset + used }, end - offset - used);
                }

                if (used == 0)
                {
                    // One record is larger than the buffer; its length has been checked against the frame's bound.
                    Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, JournalFrame.MaxLength + JournalFrame.HeaderLength));
                }

                break;
            }

            offset += used;
        }

        return (start with { Offset = offset }, 0);
    }
}
