using System.Data.Common;
using System.Net.Sockets;

namespace Sluice.Storage;

/// <summary>The store does not answer now, so a question to the ledger cannot be. Nothing is lost: the journal keeps what the store does not take.</summary>
/// <param name="message">Cause and remedy.</param>
/// <param name="inner">What the store's driver said.</param>
public sealed class StoreAwayException(string message, Exception? inner) : Exception(message, inner)
{
    /// <summary>
    /// True where a driver's exception means that the store is away. What a database that answers says of a statement is a fault of ours, and no reason to
    /// try again; but for these classes of SQLSTATE: connections, a transaction that another one ended, no resources, an operator's stop, a disk.
    /// https://www.postgresql.org/docs/current/errcodes-appendix.html
    /// </summary>
    public static bool Means(Exception fault) => fault is SocketException or TimeoutException
        || (fault is DbException { SqlState: var state } && (state is null or { Length: < 2 } || state[..2] is "08" or "25" or "40" or "53" or "55" or "57" or "58"));
}
