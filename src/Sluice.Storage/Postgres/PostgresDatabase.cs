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

    private const int MostForExchange = 4;

    // A node that is cut off in the middle of a transaction holds rows that all the others wait for, until the database gives up on it.
    private const string Patience = "SET LOCAL idle_in_transaction_session_timeout = '15s'; SET LOCAL lock_timeout = '15s'";

    // For what nodes tell one another: reports may take all other connections and must not stop it.
    private readonly NpgsqlDataSource _exchange;

    private PostgresDatabase(NpgsqlDataSource source, NpgsqlDataSource exchange, string shown)
    {
        Source = source;
        _exchange = exchange;
        Shown = shown;
    }

    /// <summary>Where connections come from; <see cref="ConnectAsync"/> and <see cref="ConnectForExchangeAsync"/> say every fault as one of the database's.</summary>
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
        settings.MaxPoolSize = MostForExchange;
        var exchange = NpgsqlDataSource.Create(settings);
        var database = new PostgresDatabase(source, exchange, shown);
        try
        {
            await MigrateAsync(database, cancellation);
            return database;
        }
        catch (NpgsqlException e)
        {
            await database.DisposeAsync();
            throw new StoreUnusableException($"The store at {shown} cannot be used: {e.Message} Check that PostgreSQL runs there, that the database exists, and that this user may create tables in it.");
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection; the caller disposes of it.</summary>
    /// <exception cref="NpgsqlException">There is none, for whatever reason: the driver passes on the faults of names and sockets as they are.</exception>
    public Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellation) => ConnectAsync(Source, cancellation);

    /// <summary>A connection for what nodes tell one another; the caller disposes of it.</summary>
    /// <exception cref="NpgsqlException">There is none.</exception>
    public Task<NpgsqlConnection> ConnectForExchangeAsync(CancellationToken cancellation) => ConnectAsync(_exchange, cancellation);

    /// <summary>The database was away: whatever idles in the pools would each fail its next user.</summary>
    public void ForgetConnections()
    {
        Source.Clear();
        ForgetExchange();
    }

    /// <summary>The same for those of the exchange alone.</summary>
    public void ForgetExchange() => _exchange.Clear();

    /// <summary>Runs <paramref name="work"/> in a transaction, which is rolled back when it throws.</summary>
    public async Task<T> WriteAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(Patience, transaction: transaction, cancellationToken: cancellation));
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

    async Task<DbConnection> ISqlDatabase.OpenReadAsync(CancellationToken cancellation) => await ConnectAsync(cancellation);

    DbConnection ISqlDatabase.OpenRead()
    {
        try
        {
            return Source.OpenConnection();
        }
        catch (Exception e) when (e is SocketException or TimeoutException or IOException)
        {
            throw Said(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _exchange.DisposeAsync();
        await Source.DisposeAsync();
    }

    private static async Task<NpgsqlConnection> ConnectAsync(NpgsqlDataSource source, CancellationToken cancellation)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellation);
        }
        catch (Exception e) when (e is SocketException or TimeoutException or IOException)
        {
            throw Said(e);
        }
    }

    private static NpgsqlException Said(Exception fault) => new(fault.Message, fault);

    // Each step takes as long as it takes: another node may be at it, or the table may be large.
    private static async Task MigrateAsync(PostgresDatabase database, CancellationToken cancellation)
    {
        var migrations = Migration.Of("Postgres");
        var shown = database.Shown;
        await using var connection = await database.ConnectAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@SchemaLock)", new { SchemaLock }, transaction, commandTimeout: 0);
        await connection.ExecuteAsync("CREATE TABLE IF NOT EXISTS sluice_schema (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())", transaction: transaction);
        var present = (await connection.QueryAsync<int>("SELECT number FROM sluice_schema", transaction: transaction)).ToHashSet();
        var known = migrations.Count == 0 ? 0 : migrations[^1].Number;
        if (present.Count > 0 && present.Max() > known)
        {
            throw new StoreUnusableException($"The store at {shown} has schema {present.Max()}, which a newer version of Sluice made; this version knows up to {known}. Run the newer version, or give this one another --storage.");
        }

        foreach (var (number, sql) in migrations.Where(migration => !present.Contains(migration.Number)))
        {
            await connection.ExecuteAsync(sql, transaction: transaction, commandTimeout: 0);
            await connection.ExecuteAsync("INSERT INTO sluice_schema (number) VALUES (@number)", new { number }, transaction);
        }

        await transaction.CommitAsync(cancellation);
    }
}
