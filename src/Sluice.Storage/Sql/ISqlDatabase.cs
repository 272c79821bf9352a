using System.Data.Common;

namespace Sluice.Storage.Sql;

/// <summary>A database whose SQL is common ground between SQLite and PostgreSQL: what asks through this is written once for both.</summary>
internal interface ISqlDatabase
{
    /// <summary>A connection for reading; the caller disposes of it.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    Task<DbConnection> OpenReadAsync(CancellationToken cancellation);

    /// <summary>The same for a caller that cannot wait for a task.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    DbConnection OpenRead();

    /// <summary>Runs <paramref name="work"/> in a transaction, which is rolled back when it throws. It may be run anew after a deadlock: it must change nothing else.</summary>
    /// <exception cref="DbException">The database is away, or refuses; nothing has changed then, unless it went away while it said yes.</exception>
    Task<T> WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellation);
}
