using System.Reflection;
using Dapper;
using Microsoft.Extensions.Logging;
using Sluice.Core.Nodes;

namespace Sluice.Storage.Postgres;

/// <summary>What nodes have together in PostgreSQL.</summary>
internal sealed class PostgresShared : ISharedStore
{
    // As the triggers of the schema have it.
    private const string Channel = "sluice_changes";

    private readonly PostgresDatabase _database;
    private readonly PostgresNodes _nodes;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<(ChangeKind Kind, ChangeFollower Follower)> _followers = [];

    public PostgresShared(PostgresDatabase database, TimeProvider time, ILogger logger)
    {
        (_database, _time, _logger) = (database, time, logger);
        _nodes = new PostgresNodes(database, Environment.MachineName, Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "0.0.0");
        Feed = new PostgresFeed(database, _nodes, time, logger);
        Feed.Listen(Channel, Hear, () => _followers.ForEach(entry => entry.Follower.Signal()));
    }

    /// <summary>Where nodes tell each other more.</summary>
    public PostgresFeed Feed { get; }

    /// <inheritdoc/>
    public string Node => _nodes.Id;

    /// <inheritdoc/>
    public StoreStanding Standing => Feed.Standing;

    /// <inheritdoc/>
    public IReadOnlyList<LiveNode> Nodes => _nodes.Live;

    /// <inheritdoc/>
    public void Follow(ChangeKind kind, Func<CancellationToken, Task> refresh) =>
        _followers.Add((kind, new ChangeFollower(refresh, () => Standing.AwaySince is null, _time, e => StorageLog.NotRefreshed(_logger, kind, e))));

    /// <inheritdoc/>
    public async Task<byte[]> SecretAsync(string name, Func<byte[]> make, CancellationToken cancellation)
    {
        await using var connection = await _database.ConnectAsync(cancellation);
        return await connection.ExecuteScalarAsync<byte[]?>("SELECT secret FROM node_secrets WHERE name = @name", new { name })
            ?? await connection.ExecuteScalarAsync<byte[]>(
                "INSERT INTO node_secrets (name, secret) VALUES (@name, @secret) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING secret", new { name, secret = make() })
            ?? throw new InvalidOperationException("PostgreSQL returned no row of an INSERT that returns one.");
    }

    /// <inheritdoc/>
    public IAsyncDisposable Start()
    {
        _followers.ForEach(entry => entry.Follower.Start());
        Feed.Start();
        return new Running(this);
    }

    private void Hear(IReadOnlyList<string> lines)
    {
        foreach (var (_, follower) in _followers.Where(entry => NameOf(entry.Kind) == lines[0]))
        {
            follower.Signal();
        }
    }

    private static string NameOf(ChangeKind kind) => kind switch
    {
        ChangeKind.Keys => "keys",
        ChangeKind.Limits => "limits",
        ChangeKind.Budgets => "budgets",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    private sealed class Running(PostgresShared shared) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await shared.Feed.DisposeAsync();
            foreach (var (_, follower) in shared._followers)
            {
                await follower.DisposeAsync();
            }
        }
    }
}
