using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Npgsql;
using Sluice.Core.Nodes;

namespace Sluice.Storage.Postgres;

/// <summary>The nodes that run, in a table that each keeps its own row of, by the database's clock: nodes' own are never compared.</summary>
internal sealed class PostgresNodes(PostgresDatabase database, string host, string version)
{
    // A node that said nothing for so long is no longer shown; its row is deleted by whoever comes later.
    private const string Shown = "15 seconds";
    private const string Kept = "1 hour";

    // A database that does not take one row within that is away.
    private const int Patience = 5;

    private volatile IReadOnlyList<LiveNode> _live = [];

    /// <summary>Of this start of this process.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    /// <summary>As of the last <see cref="SayAsync"/>.</summary>
    public IReadOnlyList<LiveNode> Live => _live;

    /// <summary>Says that this node lives, and learns who else does.</summary>
    public async Task SayAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync<NodeRow>(new CommandDefinition(
            $"""
            INSERT INTO nodes (id, host, version) VALUES (@Id, @host, @version) ON CONFLICT (id) DO UPDATE SET seen_at = now();
            DELETE FROM nodes WHERE seen_at < now() - interval '{Kept}';
            SELECT id AS Id, host AS Host, version AS Version, started_at AS StartedAt, seen_at AS SeenAt FROM nodes WHERE seen_at > now() - interval '{Shown}' ORDER BY started_at, id;
            """,
            new { Id, host, version },
            commandTimeout: Patience,
            cancellationToken: cancellation));
        _live = [.. rows.Select(row => new LiveNode(row.Id, row.Host, row.Version, new DateTimeOffset(row.StartedAt, TimeSpan.Zero), new DateTimeOffset(row.SeenAt, TimeSpan.Zero)))];
    }

    /// <summary>Says that it is gone; nothing happens where nobody can hear it.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            await using var connection = await database.ConnectForExchangeAsync(CancellationToken.None);
            await connection.ExecuteAsync(new CommandDefinition("DELETE FROM nodes WHERE id = @Id", new { Id }, commandTimeout: Patience));
        }
        catch (Exception e) when (e is DbException or SocketException or TimeoutException)
        {
            // Who says nothing is soon taken for gone.
        }
    }

    private sealed class NodeRow
    {
        public string Id { get; init; } = "";

        public string Host { get; init; } = "";

        public string Version { get; init; } = "";

        public DateTime StartedAt { get; init; }

        public DateTime SeenAt { get; init; }
    }
}
