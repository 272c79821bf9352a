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

        Output.Line($"Sluice {Output.Text(answer, "version")} at {context.Client.Url}, up {TimeSpan.FromSeconds(answer.GetProperty("uptime_seconds").GetInt64())}");
        Output.Table(
            ["provider", "kind", "state", "#models", "detail"],
            answer.GetProperty("providers").EnumerateArray().Select(provider => new[]
            {
                Output.Text(provider, "name"), Output.Text(provider, "kind"), Output.Text(provider, "state"), Output.Text(provider, "models"), Output.Text(provider, "detail"),
            }));
        foreach (var warning in answer.GetProperty("warnings").EnumerateArray())
        {
            Output.Line("warning: " + warning.GetString());
        }
    });
}
