using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>
/// One SQLite file. SQLite has one writer at a time: all writes go through one connection behind one semaphore, so none ever waits in SQLite's
/// own busy loop. Reads open pooled connections and, in WAL mode, neither block the writer nor wait for it.
/// </summary>
internal sealed class SqliteDatabase : ISqlDatabase, IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SqliteConnection _writer;
    private readonly string _readConnection;

    private SqliteDatabase(string path, SqliteConnection writer, string readConnection)
    {
        Path = path;
        _writer = writer;
        _readConnection = readConnection;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <exception cref="StoreUnusableException">No SQLite on this machine, no such folder, not a database, or a newer schema.</exception>
    public static SqliteDatabase Open(string path)
    {
        NativeSqlite.Load();
        PrivateFolder.Create(System.IO.Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            // SQLite would make it readable by everybody; it gives its -wal and -shm files the same mode as this one.
            PrivateFolder.Write(path, []);
        }

        var writer = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            writer.Open();
            writer.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384; PRAGMA foreign_keys=ON;");
            Migrate(writer, path);
        }
        catch (SqliteException e)
        {
            writer.Dispose();
            throw new StoreUnusableException($"The store {path} cannot be opened: {e.Message} Check that the file is a database of Sluice and that this user may write to it and its folder.");
        }
        catch
        {
            writer.Dispose();
            throw;
        }

        var read = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = true }.ToString();
        return new SqliteDatabase(path, writer, read);
    }

    /// <summary>Runs <paramref name="work"/> alone on the writing connection, in a transaction that is rolled back when it throws.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            using var transaction = _writer.BeginTransaction();
            var result = work(_writer, transaction);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    // The driver does nothing in the background: its tasks are completed when it returns them.
    async Task<T> ISqlDatabase.WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            using var transaction = _writer.BeginTransaction();
            var result = await work(transaction);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writing.Release();
        }
    }

    Task<DbConnection> ISqlDatabase.OpenReadAsync(CancellationToken cancellation) => Task.FromResult<DbConnection>(OpenRead());

    DbConnection ISqlDatabase.OpenRead() => OpenRead();

    /// <summary>A connection for reading; the caller disposes of it.</summary>
    public SqliteConnection OpenRead()
    {
        var connection = new SqliteConnection(_readConnection);
        connection.Open();
        return connection;
    }

    public void Dispose()
    {
        using (var pooled = new SqliteConnection(_readConnection))
        {
            SqliteConnection.ClearPool(pooled);
        }

        // After a clean stop the one file is whole, so that it alone can be copied.
        _writer.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        _writer.Dispose();
        _writing.Dispose();
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        var migrations = Migration.Of("Sqlite");
        var present = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (present > migrations[^1].Number)
        {
            throw new StoreUnusableException(
                $"The store {path} has schema {present}, which a newer version of Sluice made; this version knows up to {migrations[^1].Number}. Run the newer version, or give this one another --storage.");
        }

        foreach (var (number, sql) in migrations.Where(migration => migration.Number > present))
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(sql, transaction: transaction);
            // A pragma takes no parameters; the number is one of ours.
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {number}"), transaction: transaction);
            transaction.Commit();
        }
    }
}
