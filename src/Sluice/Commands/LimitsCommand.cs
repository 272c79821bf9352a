using System.CommandLine;

namespace Sluice.Commands;

/// <summary><c>sluice limits set|list|remove</c></summary>
internal static class LimitsCommand
{
    private static readonly (string Option, string Member, string Description)[] Limits =
    [
        ("--rpm", "rpm", "Requests in any 60 seconds"),
        ("--input-tpm", "input_tpm", "Input tokens in any 60 seconds"),
        ("--output-tpm", "output_tpm", "Output tokens in any 60 seconds"),
        ("--rpd", "rpd", "Requests a day, from midnight UTC"),
        ("--burst", "burst", "How many of a minute's requests may start at once; 1 spaces them evenly"),
        ("--concurrency", "concurrency", "Requests under way at once"),
    ];

    public static Command Create(AdminClientOptions options) => new("limits", "What keys, users, teams, projects and models may use.")
    {
        Set(options),
        List(options),
        Remove(options),
    };

    private static Command Set(AdminClientOptions options)
    {
        var scope = Scope();
        var limits = Array.ConvertAll(Limits, limit => new Option<long?>(limit.Option) { Description = limit.Description });
        var command = new Command("set", "Set all limits of a scope; what is not named is not limited. It counts at once.") { scope };
        foreach (var limit in limits)
        {
            command.Add(limit);
        }

        return options.Attach(command, async (context, cancellation) =>
        {
            var answer = await context.Client.SendAsync(
                HttpMethod.Put,
                PathOf(context.Parsed.GetRequiredValue(scope)),
                json =>
                {
                    json.WriteStartObject();
                    for (var i = 0; i < limits.Length; i++)
                    {
                        if (context.Parsed.GetValue(limits[i]) is { } value)
                        {
                            json.WriteNumber(Limits[i].Member, value);
                        }
                    }

                    json.WriteEndObject();
                },
                cancellation);
            if (context.Json)
            {
                Output.Json(answer);
                return;
            }

            Show([answer]);
        });
    }

    private static Command List(AdminClientOptions options) => options.Attach(new Command("list", "Show all limits that were set here; those of the file are in the file."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/limits", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Show(Output.List(answer, "limits"));
    });

    private static Command Remove(AdminClientOptions options)
    {
        var scope = Scope();
        return options.Attach(new Command("remove", "Take all limits of a scope away.") { scope }, async (context, cancellation) =>
        {
            var name = context.Parsed.GetRequiredValue(scope);
            var answer = await context.Client.SendAsync(HttpMethod.Delete, PathOf(name), null, cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                Output.Line($"{name} has no limits of its own any more.");
            }
        });
    }

    private static Option<string> Scope() => new("--scope") { Description = "key:ID, user:NAME, team:NAME, project:NAME, model:ID or organization", Required = true };

    private static string PathOf(string scope) => "/limits/" + Uri.EscapeDataString(scope);

    private static void Show(IEnumerable<System.Text.Json.JsonElement> limits) => Output.Table(
        ["scope", .. Limits.Select(limit => "#" + limit.Member), "changed"],
        limits.Select(limit => new[] { Output.Text(limit, "scope") }
            .Concat(Limits.Select(entry => Output.Text(limit, entry.Member) is "0" ? "-" : Output.Count(limit, entry.Member)))
            .Append(Output.Time(limit, "changed_at")).ToArray()));
}
