using System.CommandLine;
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
        Fact("when", $"{Output.Text(answer, "started_at")} to {Output.Text(answer, "ended_at")}");
        Fact("who", $"{Output.Text(answer, "user")} (team {Output.Text(answer, "team")}, project {Output.Text(answer, "project")}, key {Output.Text(answer, "key_id")})");
        Fact("client", $"{Output.Text(answer, "client")}, session {Output.Text(answer, "session")}, {Output.Text(answer, "client_protocol")}");
        Fact("model", $"{Output.Text(answer, "requested_model")} -> {Output.Text(answer, "model")}");
        Fact("route", Output.Text(answer, "route"));
        Fact("error", Output.Text(answer, "error") + (Output.Text(answer, "error_source") is var source && source != "-" ? $" (by the {source})" : ""));
        Fact("cause", Output.Text(answer, "cause"));
        Fact("remedy", Output.Text(answer, "remedy"));
        Fact("degraded", Output.Text(answer, "degradations"));
        if (answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("left_out", out var leftOut) && leftOut.ValueKind == JsonValueKind.Array)
        {
            foreach (var entry in leftOut.EnumerateArray())
            {
                Fact("left out", $"{Output.Text(entry, "endpoint")}: {Output.Text(entry, "why")}");
            }
        }

        Output.Table(
            ["#", "provider", "model", "outcome", "#status", "#ms", "#first ms", "#input", "#cached", "#output", "#USD", "upstream id", "message"],
            Output.List(answer, "attempts").Select(attempt => new[]
            {
                Output.Text(attempt, "ordinal"), Output.Text(attempt, "provider"), Output.Text(attempt, "upstream_model"), Output.Text(attempt, "outcome"),
                Output.Text(attempt, "status"), Output.Text(attempt, "milliseconds"), Output.Text(attempt, "first_token_ms"), Output.Count(attempt, "input_tokens"),
                Output.Count(attempt, "cache_read_tokens"), Output.Count(attempt, "output_tokens"), Output.Usd(attempt), Output.Text(attempt, "upstream_request_id"),
                Output.Text(attempt, "message"),
            }));
    }

    private static void Fact(string name, string value)
    {
        if (value is not ("-" or ""))
        {
            Output.Line($"  {name,-9}{value}");
        }
    }
}
