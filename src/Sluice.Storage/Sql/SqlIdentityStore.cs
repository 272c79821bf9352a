using System.Data.Common;
using Dapper;
using Sluice.Core.Identity;

namespace Sluice.Storage.Sql;

/// <summary>Keys, users, teams and projects.</summary>
internal sealed class SqlIdentityStore(ISqlDatabase database) : IIdentityStore
{
    // One secret of a key a row; the present one has no retired_at.
    private const string AllKeys = """
        SELECT k.id AS Id, k.name AS Name, k."user" AS Owner, k.team AS Team, k.project AS Project, k.models AS Models,
               k.created_at AS CreatedAt, k.expires_at AS ExpiresAt, k.revoked_at AS RevokedAt,
               s.hash AS Hash, s.prefix AS Prefix, s.retired_at AS RetiredAt
        FROM api_keys AS k JOIN api_key_secrets AS s ON s.key_id = k.id
        ORDER BY k.created_at, k.id, s.retired_at
        """;

    public async Task<IReadOnlyList<KeyRecord>> ListKeysAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        var keys = new List<KeyRecord>();
        foreach (var secrets in (await connection.QueryAsync<KeyRow>(AllKeys)).GroupBy(row => row.Id))
        {
            var present = secrets.Single(row => row.RetiredAt is null);
            keys.Add(new KeyRecord
            {
                Id = present.Id,
                Hash = present.Hash,
                Prefix = present.Prefix,
                Name = present.Name,
                User = present.Owner,
                Team = present.Team,
                Project = present.Project,
                AllowedModels = present.Models.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                CreatedAt = SqlValues.Time(present.CreatedAt),
                ExpiresAt = SqlValues.Time(present.ExpiresAt),
                RevokedAt = SqlValues.Time(present.RevokedAt),
                RetiredHashes = [.. secrets.Where(row => row.RetiredAt is not null).Select(row => row.Hash)],
            });
        }

        return keys;
    }

    public Task AddKeyAsync(KeyRecord key, CancellationToken cancellation) => database.WriteAsync(transaction => AddKeyAsync(key, transaction), cancellation);

    public Task<bool> AddFirstKeyAsync(KeyRecord key, CancellationToken cancellation) => database.WriteAsync(
        async transaction =>
        {
            // A row to contend for: of several who find no key at once, one makes it and the others see it when they have waited.
            await transaction.Connection!.ExecuteAsync("INSERT INTO users (name, created_at) VALUES (@User, @at) ON CONFLICT (name) DO UPDATE SET name = excluded.name", new { key.User, at = SqlValues.Ms(key.CreatedAt) }, transaction);
            return !await transaction.Connection!.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM api_keys)", transaction: transaction)
                && await AddKeyAsync(key, transaction) == 1;
        },
        cancellation);

    public Task<bool> RotateKeyAsync(string id, byte[] hash, string prefix, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        async transaction =>
        {
            // The key's own row first: who revokes or rotates it at the same time waits, and finds it changed.
            var isThere = await transaction.Connection!.ExecuteAsync("UPDATE api_keys SET id = id WHERE id = @id AND revoked_at IS NULL", new { id }, transaction) == 1;
            return isThere
                && await transaction.Connection!.ExecuteAsync("UPDATE api_key_secrets SET retired_at = @at WHERE key_id = @id AND retired_at IS NULL", new { id, at = SqlValues.Ms(at) }, transaction) == 1
                && await AddSecretAsync(transaction, id, hash, prefix) == 1;
        },
        cancellation);

    public Task<bool> RevokeKeyAsync(string id, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        async transaction => await transaction.Connection!.ExecuteAsync(
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, @at) WHERE id = @id",
            new { id, at = SqlValues.Ms(at) },
            transaction) == 1,
        cancellation);

    public async Task<IReadOnlyList<NamedIdentity>> ListAsync(IdentityKind kind, CancellationToken cancellation)
    {
        await using var connection = await database.OpenReadAsync(cancellation);
        var rows = await connection.QueryAsync<(string Name, long CreatedAt)>($"SELECT name, created_at FROM {Table(kind)} ORDER BY name");
        return [.. rows.Select(row => new NamedIdentity(row.Name, SqlValues.Time(row.CreatedAt)))];
    }

    public Task<bool> AddAsync(IdentityKind kind, string name, DateTimeOffset at, CancellationToken cancellation) => database.WriteAsync(
        async transaction => await AddAsync(transaction, kind, name, at) == 1,
        cancellation);

    private static async Task<int> AddKeyAsync(KeyRecord key, DbTransaction transaction)
    {
        await AddAsync(transaction, IdentityKind.User, key.User, key.CreatedAt);
        await AddAsync(transaction, IdentityKind.Team, key.Team, key.CreatedAt);
        await AddAsync(transaction, IdentityKind.Project, key.Project, key.CreatedAt);
        await transaction.Connection!.ExecuteAsync(
            """
            INSERT INTO api_keys (id, name, "user", team, project, models, created_at, expires_at, revoked_at)
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
                created = SqlValues.Ms(key.CreatedAt),
                expires = SqlValues.Ms(key.ExpiresAt),
                revoked = SqlValues.Ms(key.RevokedAt),
            },
            transaction);
        return await AddSecretAsync(transaction, key.Id, key.Hash, key.Prefix);
    }

    private static async Task<int> AddAsync(DbTransaction transaction, IdentityKind kind, string? name, DateTimeOffset at) =>
        name is null ? 0 : await transaction.Connection!.ExecuteAsync(
            $"INSERT INTO {Table(kind)} (name, created_at) VALUES (@name, @at) ON CONFLICT DO NOTHING",
            new { name, at = SqlValues.Ms(at) },
            transaction);

    private static Task<int> AddSecretAsync(DbTransaction transaction, string id, byte[] hash, string prefix) => transaction.Connection!.ExecuteAsync(
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

    private sealed class KeyRow
    {
        public string Id { get; set; } = "";

        public string? Name { get; set; }

        public string Owner { get; set; } = "";

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
