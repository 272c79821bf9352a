using System.CommandLine;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice keys create|list|rotate|revoke</c></summary>
internal static class KeysCommand
{
    public static Command Create(AdminClientOptions options) => new("keys", "API keys of clients.")
    {
        CreateKey(options),
        List(options),
        Rotate(options),
        Revoke(options),
    };

    private static Command CreateKey(AdminClientOptions options)
    {
        var user = new Option<string>("--user") { Description = "The developer; made where missing", Required = true };
        var team = new Option<string?>("--team") { Description = "The team; made where missing" };
        var project = new Option<string?>("--project") { Description = "The project; made where missing" };
        var name = new Option<string?>("--name") { Description = "For people" };
        var expires = new Option<string?>("--expires") { Description = "30d, 12h, or a day as 2026-12-31" };
        var models = new Option<string?>("--models") { Description = "Models that the key may use, with commas; all where not said" };
        var command = new Command("create", "Make a key; its secret is shown once.") { user, team, project, name, expires, models };
        return options.Attach(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var answer = await context.Client.SendAsync(
                HttpMethod.Post,
                "/keys",
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("user"u8, parsed.GetValue(user));
                    Write(json, "team", parsed.GetValue(team));
                    Write(json, "project", parsed.GetValue(project));
                    Write(json, "name", parsed.GetValue(name));
                    Write(json, "expires", parsed.GetValue(expires));
                    json.WriteStartArray("models"u8);
                    foreach (var model in (parsed.GetValue(models) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                    {
                        json.WriteStringValue(model);
                    }

                    json.WriteEndArray();
                    json.WriteEndObject();
                },
                cancellation);
            Show(context, answer);
        });
    }

    private static Command List(AdminClientOptions options) => options.Attach(new Command("list", "Show all keys, without their secrets."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/keys", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Output.Table(
            ["id", "begins", "state", "user", "team", "project", "name", "models", "created", "expires"],
            Output.List(answer, "keys").Select(key => new[]
            {
                Output.Text(key, "id"), Output.Text(key, "prefix") + "…", Output.Text(key, "state"), Output.Text(key, "user"), Output.Text(key, "team"),
                Output.Text(key, "project"), Output.Text(key, "name"), Output.List(key, "models").Count == 0 ? "all" : Output.Text(key, "models"),
                Output.Time(key, "created_at"), Output.Time(key, "expires_at"),
            }));
    });

    private static Command Rotate(AdminClientOptions options)
    {
        var id = new Argument<string>("ID") { Description = "As 'keys list' shows it" };
        return options.Attach(new Command("rotate", "Give a key a new secret; the old one is refused at once.") { id }, async (context, cancellation) =>
            Show(context, await context.Client.SendAsync(HttpMethod.Post, $"/keys/{Uri.EscapeDataString(context.Parsed.GetRequiredValue(id))}/rotate", null, cancellation)));
    }

    private static Command Revoke(AdminClientOptions options)
    {
        var id = new Argument<string>("ID") { Description = "As 'keys list' shows it" };
        return options.Attach(new Command("revoke", "Refuse a key from now on, for good.") { id }, async (context, cancellation) =>
        {
            var answer = await context.Client.SendAsync(HttpMethod.Delete, "/keys/" + Uri.EscapeDataString(context.Parsed.GetRequiredValue(id)), null, cancellation);
            if (context.Json)
            {
                Output.Json(Output.List(answer, "keys")[0]);
            }
            else
            {
                Output.Line($"{context.Parsed.GetRequiredValue(id)} is revoked.");
            }
        });
    }

    private static void Show(CommandContext context, JsonElement answer)
    {
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Output.Line(Output.Text(answer, "key"));
        Output.Line("");
        Output.Line($"{Output.Text(answer, "id")} of {Output.Text(answer, "user")}. This is the only time the key is shown.");
    }

    private static void Write(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
