using Dapper;
using Microsoft.Data.Sqlite;
using Sluice.Core.Identity;

namespace Sluice.Storage.Sqlite;

/// <summary>Keys, users, teams and projects in SQLite.</summary>
internal sealed class SqliteIdentityStore(SqliteDatabase database) : IIdentityStore
{
    // One secret of a key a row; the present one has no retired_at.
    private const string AllKeys = """
        SELECT k.id AS Id, k.name AS Name, k.user AS User, k.team AS Team, k.project AS Project, k.models AS Models,
               k.created_at AS CreatedAt, k.expires_at AS ExpiresAt, k.revoked_at AS RevokedAt,
               s.hash AS Hash, s.prefix AS Prefix, s.retired_at AS RetiredAt
        FROM api_keys AS k JOIN api_key_secrets AS s ON s.key_id = k.id
        ORDER BY k.created_at, k.id, s.retired_at
        """;

    public Task<IReadOnlyList<KeyRecord>> ListKeysAsync(CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        var keys = new List<KeyRecord>();
        foreach (var secrets in connection.Query<KeyRow>(AllKeys).GroupBy(row => row.Id))
        {
            var present = secrets.Single(row => row.RetiredAt is null);
            keys.Add(new KeyRecord
            {
                Id = present.Id,
                Hash = present.Hash,
                Prefix = present.Prefix,
                Name = present.Name,
                User = present.User,
                Team = present.Team,
                Project = present.Project,
                AllowedModels = present.Models.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                CreatedAt = LedgerRows.Time(present.CreatedAt),
                ExpiresAt = Time(present.ExpiresAt),
                RevokedAt = Time(present.RevokedAt),
                RetiredHashes = [.. secrets.Where(row => row.RetiredAt is not null).Select(row => row.Hash)],
            });
        }

        return Task.FromResult<IReadOnlyList<KeyRecord>>(keys);
    }

    public Task AddKeyAsync(KeyRecord key, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) =>
        {
            Add(connection, transaction, IdentityKind.User, key.User, key.CreatedAt);
            Add(connection, transaction, IdentityKind.Team, key.Team, key.CreatedAt);
            Add(connection, transaction, IdentityKind.Project, key.Project, key.CreatedAt);
            connection.Execute(
                """
                INSERT INTO api_keys (id, name, user, team, project, models, created_at, expires_at, revoked_at)
                VALUES (@Id, @Name, @User, @Team, @Project, @models, @created, @expires, @revoked)
                """,
                new
                {
                    key.Id,
                    key.Name,
                    key.User,
                    key.Team,
                    key.Project,
                    models = string.Join('\n', key.AllowedModels),
                    created = LedgerRows.Ms(key.CreatedAt),
                    expires = Ms(key.ExpiresAt),
                    revoked = Ms(key.RevokedAt),
                },
                transaction);
            return AddSecret(connection, transaction, key.Id, key.Hash, key.Prefix);
        },
        cancellation);

    public Task<bool> RotateKeyAsync(string id, byte[] hash, string prefix, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) =>
        {
            var changed = connection.Execute(
                """
                UPDATE api_key_secrets SET retired_at = @at
                WHERE key_id = @id AND retired_at IS NULL AND EXISTS (SELECT 1 FROM api_keys WHERE id = @id AND revoked_at IS NULL)
                """,
                new { id, at = LedgerRows.Ms(at) },
                transaction);
            return changed == 1 && AddSecret(connection, transaction, id, hash, prefix) == 1;
        },
        cancellation);

    public Task<bool> RevokeKeyAsync(string id, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, @at) WHERE id = @id",
            new { id, at = LedgerRows.Ms(at) },
            transaction) == 1,
        cancellation);

    public Task<IReadOnlyList<NamedIdentity>> ListAsync(IdentityKind kind, CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        IReadOnlyList<NamedIdentity> names =
        [
            .. connection.Query<(string Name, long CreatedAt)>($"SELECT name, created_at FROM {Table(kind)} ORDER BY name")
                .Select(row => new NamedIdentity(row.Name, LedgerRows.Time(row.CreatedAt))),
        ];
        return Task.FromResult(names);
    }

    public Task<bool> AddAsync(IdentityKind kind, string name, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        (connection, transaction) => Add(connection, transaction, kind, name, at) == 1,
        cancellation);

    private static int Add(SqliteConnection connection, SqliteTransaction transaction, IdentityKind kind, string? name, DateTimeOffset at) =>
        name is null ? 0 : connection.Execute(
            $"INSERT INTO {Table(kind)} (name, created_at) VALUES (@name, @at) ON CONFLICT DO NOTHING",
            new { name, at = LedgerRows.Ms(at) },
            transaction);

    private static int AddSecret(SqliteConnection connection, SqliteTransaction transaction, string id, byte[] hash, string prefix) => connection.Execute(
        "INSERT INTO api_key_secrets (hash, key_id, prefix) VALUES (@hash, @id, @prefix)",
        new { hash, id, prefix },
        transaction);

    private static string Table(IdentityKind kind) => kind switch
    {
        IdentityKind.User => "users",
        IdentityKind.Team => "teams",
        IdentityKind.Project => "projects",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind."),
    };

    private static long? Ms(DateTimeOffset? time) => time is { } present ? LedgerRows.Ms(present) : null;

    private static DateTimeOffset? Time(long? ms) => ms is { } present ? LedgerRows.Time(present) : null;

    private sealed class KeyRow
    {
        public string Id { get; set; } = "";

        public string? Name { get; set; }

        public string User { get; set; } = "";

        public string? Team { get; set; }

        public string? Project { get; set; }

        public string Models { get; set; } = "";

        public long CreatedAt { get; set; }

        public long? ExpiresAt { get; set; }

        public long? RevokedAt { get; set; }

        public byte[] Hash { get; set; } = [];

        public string Prefix { get; set; } = "";

        public long? RetiredAt { get; set; }
    }
}
