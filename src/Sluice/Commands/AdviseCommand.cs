using System.CommandLine;

namespace Sluice.Commands;

/// <summary><c>sluice advise</c></summary>
internal static class AdviseCommand
{
    public static Command Create(AdminClientOptions options)
    {
        var since = new Option<string>("--since") { Description = "Whole weeks back from today: 28d, 8w, or a day as 2026-11-01 [28d]", DefaultValueFactory = _ => "28d" };
        var command = new Command("advise", "What recurs in the ledger's weeks: limits run into, errors, outages, unexplained cost; and what to do about it.") { since };
        return options.Attach(command, async (context, cancellation) =>
        {
            var answer = await context.Client.GetAsync("/advice?since=" + Uri.EscapeDataString(context.Parsed.GetRequiredValue(since)), cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                AdviceText.Show(answer);
            }
        });
    }
}
