using System.CommandLine;

namespace Sluice.Commands;

/// <summary><c>sluice status</c></summary>
internal static class StatusCommand
{
    public static Command Create(AdminClientOptions options) => options.Attach(new Command("status", "What runs now, and what it warns of."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/status", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Output.Line($"Sluice {Output.Text(answer, "version")} at {context.Client.Url}, up {TimeSpan.FromSeconds(Math.Clamp(Output.Integer(answer, "uptime_seconds"), 0, int.MaxValue))}");
        Output.Table(
            ["provider", "kind", "state", "#models", "detail"],
            Output.List(answer, "providers").Select(provider => new[]
            {
                Output.Text(provider, "name"), Output.Text(provider, "kind"), Output.Text(provider, "state"), Output.Text(provider, "models"), Output.Text(provider, "detail"),
            }));
        foreach (var warning in Output.List(answer, "warnings"))
        {
            Output.Line("warning: " + warning);
        }
    });
}
