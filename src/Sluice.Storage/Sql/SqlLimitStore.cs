using Dapper;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;

namespace Sluice.Storage.Sql;

/// <summary>Limits that people set.</summary>
internal sealed class SqlLimitStore(ISqlDatabase database) : ILimitStore
{
    public async Task<IReadOnlyList<StoredLimit>> ListAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        var limits = new List<StoredLimit>();
        foreach (var row in await connection.QueryAsync<LimitRow>(
            "SELECT scope AS Scope, rpm AS Rpm, input_tpm AS InputTpm, output_tpm AS OutputTpm, rpd AS Rpd, burst AS Burst, concurrency AS Concurrency, changed_at AS ChangedAt FROM scope_limits ORDER BY scope"))
        {
            if (LimitScope.TryParse(row.Scope, out var scope))
            {
                limits.Add(new StoredLimit(
                    scope,
                    new LimitSet
                    {
                        RequestsPerMinute = row.Rpm,
                        InputPerMinute = row.InputTpm,
                        OutputPerMinute = row.OutputTpm,
                        RequestsPerDay = row.Rpd,
                        Burst = row.Burst,
                        Concurrency = row.Concurrency,
                    },
                    SqlValues.Time(row.ChangedAt)));
            }
        }

        return limits;
    }

    public Task SetAsync(StoredLimit limit, CancellationToken cancellation) => database.WriteAsync(
        transaction => transaction.Connection!.ExecuteAsync(
            """
            INSERT INTO scope_limits (scope, rpm, input_tpm, output_tpm, rpd, burst, concurrency, changed_at)
            VALUES (@scope, @RequestsPerMinute, @InputPerMinute, @OutputPerMinute, @RequestsPerDay, @Burst, @Concurrency, @changed)
            ON CONFLICT (scope) DO UPDATE SET
                rpm = excluded.rpm, input_tpm = excluded.input_tpm, output_tpm = excluded.output_tpm, rpd = excluded.rpd,
                burst = excluded.burst, concurrency = excluded.concurrency, changed_at = excluded.changed_at
            """,
            new
            {
                scope = limit.Scope.ToString(),
                limit.Limits.RequestsPerMinute,
                limit.Limits.InputPerMinute,
                limit.Limits.OutputPerMinute,
                limit.Limits.RequestsPerDay,
                limit.Limits.Burst,
                limit.Limits.Concurrency,
                changed = SqlValues.Ms(limit.ChangedAt),
            },
            transaction),
        cancellation);

    public Task<bool> RemoveAsync(LimitScope scope, CancellationToken cancellation) => database.WriteAsync(
        async transaction => await transaction.Connection!.ExecuteAsync("DELETE FROM scope_limits WHERE scope = @scope", new { scope = scope.ToString() }, transaction) > 0,
        cancellation);

    private sealed class LimitRow
    {
        public string Scope { get; init; } = "";

        public long Rpm { get; init; }

        public long InputTpm { get; init; }

        public long OutputTpm { get; init; }

        public long Rpd { get; init; }

        public long Burst { get; init; }

        public long Concurrency { get; init; }

        public long ChangedAt { get; init; }
    }
}
