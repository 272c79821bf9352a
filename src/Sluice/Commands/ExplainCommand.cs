using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice explain ID</c></summary>
internal static class ExplainCommand
{
    public static Command Create(AdminClientOptions options)
    {
        var id = new Argument<string>("ID") { Description = "The gen-… id of the x-sluice-request-id header or an error body" };
        return options.Attach(new Command("explain", "Everything that happened to one request.") { id }, async (context, cancellation) =>
        {
            var answer = await context.Client.GetAsync("/requests/" + Uri.EscapeDataString(context.Parsed.GetRequiredValue(id)), cancellation);
            if (context.Json)
            {
                Output.Json(answer);
                return;
            }

            Show(answer);
        });
    }

    private static void Show(JsonElement answer)
    {
        Output.Line($"{Output.Text(answer, "id")}  {Output.Text(answer, "state")}  status {Output.Text(answer, "status")}  {Output.Usd(answer)} USD");
        PlanText.Fact("when", $"{Output.Text(answer, "started_at")} to {Output.Text(answer, "ended_at")}");
        PlanText.Fact("who", $"{Output.Text(answer, "user")} (team {Output.Text(answer, "team")}, project {Output.Text(answer, "project")}, key {Output.Text(answer, "key_id")})");
        PlanText.Fact("client", $"{Output.Text(answer, "client")}, session {Output.Text(answer, "session")}, {Output.Text(answer, "client_protocol")}");
        PlanText.Fact("model", $"{Output.Text(answer, "requested_model")} -> {Output.Text(answer, "model")}");
        PlanText.Fact("route", Output.Text(answer, "route"));
        PlanText.Fact("error", Output.Text(answer, "error") + (Output.Text(answer, "error_source") is var source && source != "-" ? $" (by the {source})" : ""));
        PlanText.Fact("cause", Output.Text(answer, "cause"));
        PlanText.Fact("remedy", Output.Text(answer, "remedy"));
        PlanText.Fact("degraded", Output.Text(answer, "degradations"));
        var attempts = Output.List(answer, "attempts");
        var plan = PlanText.Part(answer, "plan");
        PlanText.ShowHow(plan);
        PlanText.ShowLeftOut(answer);
        PlanText.ShowConsidered(plan, attempts);
        PlanText.ShowPassedOver(plan);
        if (attempts.Count == 0)
        {
            Output.Line("  No provider was asked.");
            return;
        }

        Output.Table(
            ["#", "provider", "model", "credential", "outcome", "#status", "#sent ms", "#first ms", "#ms", "#input", "#cached", "#written", "#output", "#USD", "upstream id", "message"],
            attempts.Select(attempt => new[]
            {
                Output.Text(attempt, "ordinal"), Output.Text(attempt, "provider"), Output.Text(attempt, "upstream_model"), Output.Text(attempt, "credential"), Output.Text(attempt, "outcome"),
                Output.Text(attempt, "status"), Output.Text(attempt, "sent_ms"), Output.Text(attempt, "first_token_ms"), Output.Text(attempt, "milliseconds"), Output.Count(attempt, "input_tokens"),
                Output.Count(attempt, "cache_read_tokens"), Written(attempt), Output.Count(attempt, "output_tokens"), Output.Usd(attempt), Output.Text(attempt, "upstream_request_id"),
                Output.Text(attempt, "message"),
            }));
    }

    private static string Written(JsonElement attempt)
    {
        var sum = 0L;
        var known = false;
        foreach (var name in (string[])["cache_write_5m_tokens", "cache_write_1h_tokens"])
        {
            if (PlanText.Part(attempt, name) is { ValueKind: JsonValueKind.Number } tokens && tokens.TryGetInt64(out var count))
            {
                sum += count;
                known = true;
            }
        }

        return known ? sum.ToString("N0", CultureInfo.InvariantCulture) : "-";
    }
}
