using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Sluice.Testing;

/// <summary>
/// A real PostgreSQL of this test process, on a port of its own and with a cluster of its own in a temporary folder. It hangs on its standard
/// input: when the test process ends, however that is, it ends too.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    // PostgreSQL refuses to run as root. What follows waits for a line or the end of its input and then stops the server, which outlives nobody.
    private const string KeepScript = """
        set -e
        [ -s "$1/PG_VERSION" ] || initdb -D "$1" -U sluice --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
        postgres -D "$1" -c listen_addresses=127.0.0.1 -c port="$2" -c unix_socket_directories= -c fsync="$3" -c synchronous_commit="$3" \
          -c full_page_writes="$3" -c max_connections=200 -c shared_buffers=64MB -c autovacuum=off </dev/null >"$1.log" 2>&1 &
        server=$!
        read -r how || { how=QUIT; gone=yes; }
        kill -"${how:-QUIT}" $server
        wait $server || true
        [ -z "${gone:-}" ] || rm -rf "$1" "$1.log" "${1%/data}"
        """;

    private static readonly Lock Starting = new();
    private static Task<PostgresServer>? s_shared;
    private static int s_databases;

    private readonly string _folder;
    private Process? _process;

    private readonly bool _isDurable;

    private PostgresServer(string folder, int port, bool isDurable)
    {
        _folder = folder;
        _isDurable = isDurable;
        Port = port;
    }

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Why there is none on this machine; null where there is.</summary>
    public static string? WhyMissing { get; } = FindPrograms() is null
        ? "PostgreSQL is not on this machine: apt-get install postgresql, or what your system calls it"
        : Environment.UserName == "root" && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal))
            ? "PostgreSQL does not run as root, and this machine has no user \"postgres\""
            : null;

    /// <summary>The one that tests of this process share; each takes a database of its own.</summary>
    public static Task<PostgresServer> SharedAsync()
    {
        lock (Starting)
        {
            return s_shared ??= StartAsync();
        }
    }

    /// <summary>Starts one that a test may stop and start again.</summary>
    /// <param name="isDurable">What it has committed survives a crash, as it does where people use it; slower.</param>
    public static async Task<PostgresServer> StartAsync(bool isDurable = false)
    {
        var folder = Directory.CreateTempSubdirectory("sluice-postgres-").FullName;
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", "postgres", folder);
        }

        var server = new PostgresServer(folder, FreePort(), isDurable);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it where it was, after <see cref="StopAsync"/>.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = "/" };
        string[] command = ["sh", "-c", KeepScript, "sh", Path.Combine(_folder, "data"), Port.ToString(CultureInfo.InvariantCulture), _isDurable ? "on" : "off"];
        if (Environment.UserName == "root")
        {
            command = ["runuser", "-u", "postgres", "--", .. command];
        }

        (start.FileName, start.Environment["PATH"]) = (command[0], $"{FindPrograms()}:{Environment.GetEnvironmentVariable("PATH")}");
        foreach (var argument in command[1..])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        for (var began = Stopwatch.StartNew(); ;)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
                await connection.OpenAsync();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException && !_process.HasExited && began.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(20); // A server that begins to listen has no signal.
            }
        }
    }

    /// <summary>Stops it and cuts everybody off; what is in it stays.</summary>
    /// <param name="isCrash">As if it had been killed.</param>
    public async Task StopAsync(bool isCrash = false)
    {
        if (_process is { } process)
        {
            _process = null;
            await process.StandardInput.WriteLineAsync(isCrash ? "QUIT" : "INT");
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its address as <c>storage</c> takes it.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = "t" + Interlocked.Increment(ref s_databases).ToString(CultureInfo.InvariantCulture);
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        await command.ExecuteNonQueryAsync();
        return $"postgres://sluice:secret-of-tests@127.0.0.1:{Port}/{name}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=sluice;Database={database};Pooling=false;Timeout=5";

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
    }

    // Below what the system hands out by itself: nobody takes it before the server has it, nor while that is stopped.
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }

    // Debian keeps the server's programs out of everybody's PATH, by version.
    private static string? FindPrograms()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var byVersion = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin")) : [];
        return onPath.Concat(byVersion).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }
}
