using Npgsql;

namespace Sluice.Storage.Postgres;

/// <summary><c>postgres://user:password@host:port/database?sslmode=…</c>, as other tools write it, made into what the driver takes.</summary>
internal static class PostgresAddress
{
    private const int UsualPort = 5432;

    /// <summary>It names a PostgreSQL database, well-formed or not.</summary>
    public static bool Is(string storage) => storage.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || storage.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="StoreUnusableException">Not an address, or with a parameter that the driver does not know. No message repeats what may be a password.</exception>
    public static NpgsqlConnectionStringBuilder Read(string storage)
    {
        // An "/" or "@" of a password that is not encoded would be read as the end of the host, and the rest of it be shown as the database.
        if (!Uri.TryCreate(storage, UriKind.Absolute, out var address) || address.Host.Length == 0 || address.AbsolutePath.Trim('/') is not { Length: > 0 } name || name.AsSpan().ContainsAny('/', '@'))
        {
            throw new StoreUnusableException("The storage is no address of a PostgreSQL database. Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, with special characters of the password percent-encoded.");
        }

        var built = new NpgsqlConnectionStringBuilder
        {
            Host = address.IdnHost,
            Port = address.IsDefaultPort || address.Port <= 0 ? UsualPort : address.Port,
            Database = Uri.UnescapeDataString(name),
            ApplicationName = "sluice",

            // A database that does not answer is away; the journal holds what it would have taken.
            Timeout = 5,
            CommandTimeout = 30,
            TcpKeepAlive = true,
            MaxPoolSize = 20,
        };
        var user = address.UserInfo.Split(':', 2);
        if (user[0].Length > 0)
        {
            built.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            built.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var parameter in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = parameter.Split('=', 2);
            Set(built, Uri.UnescapeDataString(parts[0]), parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        return built;
    }

    private static void Set(NpgsqlConnectionStringBuilder built, string name, string value)
    {
        try
        {
            // Names as libpq has them: sslmode, sslrootcert, application_name, connect_timeout.
            built[name switch
            {
                "sslmode" => "SSL Mode",
                "sslrootcert" => "Root Certificate",
                "sslcert" => "SSL Certificate",
                "sslkey" => "SSL Key",
                "application_name" => "Application Name",
                "connect_timeout" => "Timeout",
                "options" => "Options",
                _ => name,
            }] = name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw new StoreUnusableException($"The storage's parameter \"{name}\" is not one that PostgreSQL's driver takes, or its value is not.");
        }
    }
}
