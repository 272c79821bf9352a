using Microsoft.Extensions.Logging;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Journal;

/// <summary>
/// Sees to it that a journal that the store does not take is not found out about by a full disk: it has no bound, since records of money are not
/// thrown away, but says when it has grown, and again at each doubling.
/// </summary>
/// <param name="folder">What grows.</param>
/// <param name="first">Bytes from which on it is told.</param>
/// <param name="logger">Who is told.</param>
internal sealed class SpoolWatch(JournalFolder folder, long first, ILogger logger)
{
    private long _next;

    /// <summary>Looks how much there is from <paramref name="taken"/> on.</summary>
    public void Look(JournalPosition taken)
    {
        var bytes = folder.BytesFrom(taken);
        if (bytes < first)
        {
            _next = first;
            return;
        }

        _next = Math.Max(_next, first);
        if (bytes < _next)
        {
            return;
        }

        while (_next <= bytes)
        {
            _next *= 2;
        }

        var free = folder.FreeBytes();
        if (free < bytes)
        {
            // It has reached at least half of what there was.
            StorageLog.SpoolFillsDisk(logger, Megabytes(bytes), Megabytes(free.Value));
        }
        else
        {
            StorageLog.SpoolGrows(logger, Megabytes(bytes), free is { } known ? Megabytes(known) : null);
        }
    }

    private static long Megabytes(long bytes) => bytes / (1024 * 1024);
}
