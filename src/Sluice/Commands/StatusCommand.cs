using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice status</c></summary>
internal static class StatusCommand
{
    private const int ShownOfId = 8;

    public static Command Create(AdminClientOptions options) => options.Attach(new Command("status", "What runs now, and what it warns of."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/status", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Output.Line($"Sluice {Output.Text(answer, "version")} at {context.Client.Url}, up {TimeSpan.FromSeconds(Math.Clamp(Output.Integer(answer, "uptime_seconds"), 0, int.MaxValue))}");
        var providers = Output.List(answer, "providers");
        Output.Table(
            ["provider", "kind", "state", "#models", "#uptime 5m", "#30m", "#1d", "detail"],
            providers.Select(provider => new[]
            {
                Output.Text(provider, "name"), Output.Text(provider, "kind"), Output.Text(provider, "state"), Output.Text(provider, "models"),
                Percent(provider, "5m"), Percent(provider, "30m"), Percent(provider, "1d"), Output.Text(provider, "detail"),
            }));
        Ledger(answer);
        Nodes(answer);
        Limits(providers);
        Waiting(answer);
        Models(providers);
        Credentials(providers);
        foreach (var warning in Output.List(answer, "warnings"))
        {
            Output.Line("warning: " + warning);
        }
    });

    private static void Ledger(JsonElement answer)
    {
        if (answer.TryGetProperty("ledger", out var ledger) && ledger.ValueKind == JsonValueKind.Object)
        {
            Output.Line($"ledger in {Output.Text(ledger, "store")}, {Output.Count(ledger, "unshipped")} records on their way");
        }
    }

    private static void Nodes(JsonElement answer)
    {
        var rows = Entries(answer, "nodes").Select(node => new[]
        {
            Output.Text(node, "id") is { Length: > ShownOfId } id ? id[..ShownOfId] : Output.Text(node, "id"), Output.Text(node, "host"), Output.Text(node, "version"), Clock(node, "started_at"), Clock(node, "seen_at"),
            node.TryGetProperty("is_this", out var isThis) && isThis.ValueKind == JsonValueKind.True ? "this one" : "",
        }).ToList();
        if (rows.Count > 0)
        {
            Output.Table(["node", "host", "version", "started", "seen", ""], rows);
        }
    }

    private static void Limits(IReadOnlyList<JsonElement> providers)
    {
        var rows = providers.Where(provider => provider.TryGetProperty("limits", out var limits) && limits.ValueKind == JsonValueKind.Object)
            .Select(provider => (Name: Output.Text(provider, "name"), Limits: provider.GetProperty("limits")))
            .Select(provider => new[]
            {
                provider.Name, Output.Count(provider.Limits, "held"), Output.Text(provider.Limits, "concurrency") is "0" ? "-" : Output.Count(provider.Limits, "concurrency"), Output.Count(provider.Limits, "waiting"),
            }).ToList();
        if (rows.Count > 0)
        {
            Output.Table(["provider", "#under way", "#at most", "#waiting"], rows);
        }
    }

    private static void Waiting(JsonElement answer)
    {
        var rows = Entries(answer, "waiting").Select(waiting => new[]
        {
            Output.Text(waiting, "owner"), Output.Text(waiting, "session"), Output.Text(waiting, "priority"), Output.Text(waiting, "limit"), Output.Text(waiting, "waited_seconds"),
        }).ToList();
        if (rows.Count > 0)
        {
            Output.Line($"{Output.Count(answer, "waiting_count")} requests wait:");
            Output.Table(["who", "session", "priority", "for", "#seconds"], rows);
        }
    }

    // Models that were asked within a day or are not well; without traffic and trouble there is nothing to tell.
    private static void Models(IReadOnlyList<JsonElement> providers)
    {
        var rows = providers.SelectMany(provider => Entries(provider, "endpoints").Select(endpoint => new[]
        {
            Output.Text(provider, "name"), Output.Text(endpoint, "model"), Output.Text(endpoint, "state"), Until(endpoint),
            Percent(endpoint, "5m"), Percent(endpoint, "1d"), Output.Count(endpoint, "succeeded"), Output.Count(endpoint, "failed"), Output.Count(endpoint, "limited"),
            Number(endpoint, "first_token_seconds"), Number(endpoint, "tokens_per_second"),
        })).ToList();
        if (rows.Count > 0)
        {
            Output.Table(["provider", "model", "state", "until", "#uptime 5m", "#1d", "#ok", "#failed", "#limited", "#first token s", "#tokens/s"], rows);
        }
    }

    private static void Credentials(IReadOnlyList<JsonElement> providers)
    {
        var rows = providers.SelectMany(provider => Entries(provider, "credentials"))
            .Where(credential => Output.Text(credential, "state") != "ok")
            .Select(credential => new[] { Output.Text(credential, "id"), Output.Text(credential, "state"), Clock(credential, "cooling_until") })
            .ToList();
        if (rows.Count > 0)
        {
            Output.Table(["credential", "state", "until"], rows);
        }
    }

    // A Sluice that serves and is older than this command does not send them.
    private static IReadOnlyList<JsonElement> Entries(JsonElement element, string member) =>
        element.TryGetProperty(member, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    private static string Percent(JsonElement element, string window) =>
        element.TryGetProperty("uptime", out var uptime) && uptime.ValueKind == JsonValueKind.Object
        && uptime.TryGetProperty(window, out var share) && share.ValueKind == JsonValueKind.Number
            ? share.GetDouble().ToString("0.0 %", CultureInfo.InvariantCulture)
            : "-";

    private static string Number(JsonElement endpoint, string member) =>
        endpoint.TryGetProperty("speed", out var speed) && speed.ValueKind == JsonValueKind.Object
        && speed.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble().ToString("0.0", CultureInfo.InvariantCulture)
            : "-";

    private static string Until(JsonElement endpoint) => Clock(endpoint, "open_until") is not "-" and var open ? open : Clock(endpoint, "cooling_until");

    private static string Clock(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time)
            ? time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)
            : "-";
}
