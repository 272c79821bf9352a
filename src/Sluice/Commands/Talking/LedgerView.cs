using System.Globalization;
using System.Text.Json;

namespace Sluice.Commands.Talking;

/// <summary>What the ledger says of the requests of a run; nothing without an admin key.</summary>
internal sealed class LedgerView(AdminClient client, TimeProvider time)
{
    private const int Looks = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Dictionary<string, JsonElement> _settled = new(StringComparer.Ordinal);

    /// <summary>There is a key to read it with.</summary>
    public bool CanRead => client.AdminKey is not null;

    /// <summary>The row once the request is settled, which may be a moment after its last byte; null after 15 seconds without it.</summary>
    public async Task<JsonElement?> SettledAsync(string requestId, CancellationToken cancellation)
    {
        if (_settled.TryGetValue(requestId, out var known))
        {
            return known;
        }

        for (var look = 0; CanRead && look < Looks; look++)
        {
            if (await TryReadAsync(requestId, cancellation) is { } row && Output.Text(row, "state") == "settled")
            {
                return _settled[requestId] = row;
            }

            await Task.Delay(Pause, time, cancellation);
        }

        return null;
    }

    /// <summary>What the requests cost, in dollars; null where one of them is not known.</summary>
    public async Task<decimal?> CostAsync(IEnumerable<string> requests, CancellationToken cancellation)
    {
        var sum = 0m;
        foreach (var id in requests)
        {
            if (await SettledAsync(id, cancellation) is not { } row || !decimal.TryParse(Output.Text(row, "cost_usd"), NumberStyles.Number, CultureInfo.InvariantCulture, out var cost))
            {
                return null;
            }

            sum += cost;
        }

        return sum;
    }

    private async Task<JsonElement?> TryReadAsync(string requestId, CancellationToken cancellation)
    {
        try
        {
            return await client.GetAsync("/requests/" + Uri.EscapeDataString(requestId), cancellation);
        }
        catch (CommandFailure)
        {
            // Not there yet.
            return null;
        }
    }
}
