using System.Data.Common;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sluice.Core.Nodes;

namespace Sluice.Storage.Postgres;

/// <summary>
/// What nodes tell one another through PostgreSQL's notifications, on one connection of its own, which also says that this node lives. When that breaks it
/// is opened again, and whoever listens is told to look at everything: what was said meanwhile is lost.
/// </summary>
internal sealed class PostgresFeed(PostgresDatabase database, PostgresNodes nodes, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>How often a node says that it lives, and so how long a connection may be silently dead.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(3);

    // PostgreSQL takes payloads of less than 8000 bytes.
    private const int LongestPayload = 7900;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(4);

    private readonly List<Listener> _listeners = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private volatile StoreStanding _standing = StoreStanding.Present;

    /// <summary>Whether the database is there.</summary>
    public StoreStanding Standing => _standing;

    /// <summary>The database is there, and other nodes are.</summary>
    public bool HasOthers => _standing.AwaySince is null && nodes.Live.Count > 1;

    /// <summary>Listens to a channel; before <see cref="Start"/>.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="heard">Told of each line that another node said; must be quick.</param>
    /// <param name="missed">Told after every connecting that anything may have been said meanwhile; must be quick.</param>
    public void Listen(string channel, Action<IReadOnlyList<string>> heard, Action missed) => _listeners.Add(new Listener(channel, heard, missed));

    /// <summary>Begins.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Says lines to the other nodes when the transaction is committed. A line that is too long is left out.</summary>
    public async Task TellAsync(DbTransaction transaction, string channel, IEnumerable<string> lines)
    {
        var payloads = Payloads(lines);
        if (payloads.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand("SELECT pg_notify(@channel, payload) FROM unnest(@payloads) AS payload", (NpgsqlConnection)transaction.Connection!, (NpgsqlTransaction)transaction);
        command.Parameters.AddWithValue("channel", channel);
        command.Parameters.AddWithValue("payloads", payloads.ToArray());
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Stops listening, and says that this node is gone where that can be said.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.ConnectForExchangeAsync(_stop.Token);
                await ListenAsync(connection);
                await nodes.SayAsync(connection, _stop.Token);
                if (_standing.AwaySince is { } since)
                {
                    _standing = StoreStanding.Present;
                    StorageLog.Back(logger, database.Shown, (time.GetUtcNow() - since).TotalSeconds);
                }

                retry = FirstRetry;
                _listeners.ForEach(listener => listener.Missed());
                await HearAsync(connection);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // Whatever it is: a node that listens no more would let a revoked key in. Of the pooled connections each would fail its next user, long after the database is back.
                database.ForgetConnections();
                if (_standing.AwaySince is null)
                {
                    _standing = new StoreStanding(time.GetUtcNow(), $"The database at {database.Shown} cannot be reached: {e.Message}");
                    StorageLog.Away(logger, database.Shown, e);
                }
            }

            await Task.Delay(retry, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            retry = retry * 2 < LongestRetry ? retry * 2 : LongestRetry;
        }

        await nodes.LeaveAsync();
    }

    private async Task ListenAsync(NpgsqlConnection connection)
    {
        connection.Notification += (_, said) => Hear(said.Channel, said.Payload);
        await using var command = connection.CreateCommand();

        // Names are ours alone, and none needs quotes.
        command.CommandText = string.Concat(_listeners.Select(listener => $"LISTEN {listener.Channel};"));
        await command.ExecuteNonQueryAsync(_stop.Token);
    }

    private async Task HearAsync(NpgsqlConnection connection)
    {
        var saidAt = time.GetTimestamp();
        while (true)
        {
            // The driver takes whole milliseconds, and 0 for ever.
            var left = Beat - time.GetElapsedTime(saidAt);
            if (left > TimeSpan.FromMilliseconds(1))
            {
                await connection.WaitAsync(left, _stop.Token);
                continue;
            }

            await nodes.SayAsync(connection, _stop.Token);
            saidAt = time.GetTimestamp();
        }
    }

    private void Hear(string channel, string payload)
    {
        var lines = payload.Split('\n');
        if (lines[0] != nodes.Id && _listeners.Find(listener => listener.Channel == channel) is { } listener)
        {
            listener.Heard(lines);
        }
    }

    private List<string> Payloads(IEnumerable<string> lines)
    {
        var payloads = new List<string>();
        var payload = new System.Text.StringBuilder(nodes.Id);
        var bytes = nodes.Id.Length;
        foreach (var line in lines)
        {
            var size = System.Text.Encoding.UTF8.GetByteCount(line) + 1;
            if (nodes.Id.Length + size > LongestPayload)
            {
                continue;
            }

            if (bytes + size > LongestPayload)
            {
                payloads.Add(payload.ToString());
                payload.Clear().Append(nodes.Id);
                bytes = nodes.Id.Length;
            }

            payload.Append('\n').Append(line);
            bytes += size;
        }

        if (bytes > nodes.Id.Length)
        {
            payloads.Add(payload.ToString());
        }

        return payloads;
    }

    private sealed record Listener(string Channel, Action<IReadOnlyList<string>> Heard, Action Missed);
}
