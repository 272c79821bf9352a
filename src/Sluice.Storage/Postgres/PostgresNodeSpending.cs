using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Npgsql;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;

namespace Sluice.Storage.Postgres;

/// <summary>What the ledger's attempts say of each node. Reads every attempt of the window: for starts and new budgets, not for requests.</summary>
internal sealed class PostgresNodeSpending(PostgresDatabase database) : INodeSpending
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodeSpending>?> ReadAsync(BudgetWindow window, LimitScope? scope, CancellationToken cancellation)
    {
        var only = scope?.Kind switch
        {
            null or ScopeKind.Organization => "",
            ScopeKind.Key => "AND a.key_id = @name",
            ScopeKind.User => "AND a.\"user\" = @name",
            ScopeKind.Team => "AND a.team = @name",
            ScopeKind.Project => "AND a.project = @name",
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, message: null),
        };
        try
        {
            await using var connection = await database.ConnectAsync(cancellation);
            var rows = await connection.QueryAsync<Row>(new CommandDefinition(
                $"""
                SELECT n.id AS Node, a.key_id AS Key, a."user" AS User, a.team AS Team, a.project AS Project, least(sum(a.cost_nano), 9e18)::bigint AS NanoUsd
                FROM attempts a JOIN ledger_nodes n ON n.number = a.node
                WHERE a.started_at >= @since AND a.started_at < @until AND a.cost_nano > 0 {only}
                GROUP BY n.id, a.key_id, a."user", a.team, a.project
                """,
                new { since = window.Start.ToUnixTimeMilliseconds(), until = window.End.ToUnixTimeMilliseconds(), name = scope?.Name },
                cancellationToken: cancellation));
            return [.. rows.Select(row => new NodeSpending(row.Node, row.Key, row.User, row.Team, row.Project, row.NanoUsd))];
        }
        catch (Exception e) when (e is DbException or SocketException or TimeoutException or IOException)
        {
            return null;
        }
    }

    private sealed class Row
    {
        public string Node { get; init; } = "";

        public string Key { get; init; } = "";

        public string User { get; init; } = "";

        public string? Team { get; init; }

        public string? Project { get; init; }

        public long NanoUsd { get; init; }
    }
}
