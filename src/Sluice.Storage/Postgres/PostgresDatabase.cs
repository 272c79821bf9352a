using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Npgsql;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>One PostgreSQL database, which several nodes may share. Connections are pooled by the driver; writers do not wait for one another but on rows.</summary>
internal sealed class PostgresDatabase : ISqlDatabase, IAsyncDisposable
{
    // Only one node changes the schema at a time; the number is ours alone among those who lock in this database.
    private const long SchemaLock = 0x5_1C1CE;

    // Two nodes that change the same rows in two orders: PostgreSQL undoes one of them, which then only has to be done again.
    private const int MostTries = 4;

    private PostgresDatabase(NpgsqlDataSource source, string shown)
    {
        Source = source;
        Shown = shown;
    }

    /// <summary>Where connections come from.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Host and database, without user and password.</summary>
    public string Shown { get; }

    /// <summary>Connects and brings the schema up to date.</summary>
    /// <param name="address"><c>postgres://…</c>.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="StoreUnusableException">It cannot be reached, refuses, or a newer version made its schema.</exception>
    public static async Task<PostgresDatabase> OpenAsync(string address, CancellationToken cancellation)
    {
        var settings = PostgresAddress.Read(address);
        var shown = $"{settings.Host}:{settings.Port}/{settings.Database}";
        var source = NpgsqlDataSource.Create(settings);
        try
        {
            await MigrateAsync(source, shown, cancellation);
            return new PostgresDatabase(source, shown);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            await source.DisposeAsync();
            throw new StoreUnusableException($"The store at {shown} cannot be used: {e.Message} Check that PostgreSQL runs there, that the database exists, and that this user may create tables in it.");
        }
        catch
        {
            await source.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/> in a transaction, which is rolled back when it throws.</summary>
    public async Task<T> WriteAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellation)
    {
        await using var connection = await Source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var result = await work(connection, transaction);
        await transaction.CommitAsync(cancellation);
        return result;
    }

    async Task<T> ISqlDatabase.WriteAsync<T>(Func<DbTransaction, Task<T>> work, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await WriteAsync((_, transaction) => work(transaction), cancellation);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure && tries < MostTries)
            {
                // Undone as a whole.
            }
        }
    }

    async Task<DbConnection> ISqlDatabase.OpenReadAsync(CancellationToken cancellation) => await Source.OpenConnectionAsync(cancellation);

    DbConnection ISqlDatabase.OpenRead() => Source.OpenConnection();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private static async Task MigrateAsync(NpgsqlDataSource source, string shown, CancellationToken cancellation)
    {
        var migrations = Migration.Of("Postgres");
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@SchemaLock)", new { SchemaLock }, transaction);
        await connection.ExecuteAsync("CREATE TABLE IF NOT EXISTS sluice_schema (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())", transaction: transaction);
        var present = (await connection.QueryAsync<int>("SELECT number FROM sluice_schema", transaction: transaction)).ToHashSet();
        var known = migrations.Count == 0 ? 0 : migrations[^1].Number;
        if (present.Count > 0 && present.Max() > known)
        {
            throw new StoreUnusableException($"The store at {shown} has schema {present.Max()}, which a newer version of Sluice made; this version knows up to {known}. Run the newer version, or give this one another --storage.");
        }

        foreach (var (number, sql) in migrations.Where(migration => !present.Contains(migration.Number)))
        {
            await connection.ExecuteAsync(sql, transaction: transaction);
            await connection.ExecuteAsync("INSERT INTO sluice_schema (number) VALUES (@number)", new { number }, transaction);
        }

        await transaction.CommitAsync(cancellation);
    }
}
