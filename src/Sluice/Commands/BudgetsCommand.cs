using System.CommandLine;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice budgets set|list|remove</c></summary>
internal static class BudgetsCommand
{
    public static Command Create(AdminClientOptions options) => new("budgets", "What keys, users, teams, projects and the organization may spend.")
    {
        Set(options),
        List(options),
        Remove(options),
    };

    private static Command Set(AdminClientOptions options)
    {
        var (scope, per) = (Scope(), Per());
        var usd = new Option<decimal>("--usd") { Description = "The amount in dollars; 0 is nothing at all", Required = true };
        var hard = new Option<bool>("--hard") { Description = "Refuse what it cannot pay for; without it the budget only tells" };
        return options.Attach(new Command("set", "Set a budget, in the place of one of the same scope and period. It counts at once, with what was spent before.") { scope, usd, per, hard }, async (context, cancellation) =>
        {
            var answer = await context.Client.SendAsync(
                HttpMethod.Put,
                "/budgets",
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("scope", context.Parsed.GetRequiredValue(scope));
                    json.WriteString("per", context.Parsed.GetRequiredValue(per));
                    json.WriteNumber("usd", context.Parsed.GetRequiredValue(usd));
                    json.WriteBoolean("hard", context.Parsed.GetValue(hard));
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

    private static Command List(AdminClientOptions options) => options.Attach(new Command("list", "Show all budgets, with what is spent, held by requests under way, and left."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/budgets", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Show(Output.List(answer, "budgets"));
    });

    private static Command Remove(AdminClientOptions options)
    {
        var (scope, per) = (Scope(), Per());
        return options.Attach(new Command("remove", "Take a budget away.") { scope, per }, async (context, cancellation) =>
        {
            var (whose, period) = (context.Parsed.GetRequiredValue(scope), context.Parsed.GetRequiredValue(per));
            var answer = await context.Client.SendAsync(HttpMethod.Delete, $"/budgets?scope={Uri.EscapeDataString(whose)}&per={Uri.EscapeDataString(period)}", null, cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                Output.Line($"{whose} has no budget per {period} any more.");
            }
        });
    }

    private static Option<string> Scope() => new("--scope") { Description = "key:ID, user:NAME, team:NAME, project:NAME or organization", Required = true };

    private static Option<string> Per() => new("--per") { Description = "day, week (from Monday) or month, in UTC", Required = true };

    private static void Show(IEnumerable<JsonElement> budgets) => Output.Table(
        ["scope", "per", "kind", "#usd", "#spent", "#held", "#left", "#%", "until"],
        budgets.Select(budget => new[]
        {
            Output.Text(budget, "scope"), Output.Text(budget, "per"), budget.GetProperty("hard").GetBoolean() ? "hard" : "soft", Output.Text(budget, "usd"), Output.Text(budget, "spent_usd"),
            Output.Text(budget, "reserved_usd"), Output.Text(budget, "left_usd"), Output.Text(budget, "percent_spent"), Output.Time(budget, "until"),
        }));
}
