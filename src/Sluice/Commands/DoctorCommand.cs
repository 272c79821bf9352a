using System.CommandLine;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Server.Diagnosis;

namespace Sluice.Commands;

/// <summary><c>sluice doctor</c>: asks the Sluice that runs; where none does, looks at the configuration alone.</summary>
internal static class DoctorCommand
{
    public static Command Create(AdminClientOptions options)
    {
        var config = new Option<string?>("--config") { Description = "Configuration file to look at where no Sluice runs; ./sluice.yaml where it exists" };
        var key = new Option<string?>("--key") { Description = "A client key to be judged too" };
        var models = new Option<string[]>("--model") { Description = "A model that agents will ask for; may be repeated" };
        var command = new Command("doctor", "The production checklist: what is in place, what is missing, and what to do about it. Fails where a line does.") { config, key, models };
        return options.Attach(command, async (context, cancellation) =>
        {
            var question = new DoctorQuestion { ClientKey = context.Parsed.GetValue(key), Models = context.Parsed.GetValue(models) ?? [] };
            var answer = await context.Client.AnswersAsync(cancellation)
                ? await AskAsync(context.Client, question, cancellation)
                : Alone(context.Client, question, ProcessSources.Read(context.Parsed.GetValue(config)));
            Print(answer, context.Json);
            var failed = Output.List(answer, "lines").Count(line => Output.Text(line, "verdict") == "fail");
            if (failed > 0)
            {
                throw new CommandFailure($"{failed} of {Output.List(answer, "lines").Count} lines fail.");
            }
        });
    }

    private static Task<JsonElement> AskAsync(AdminClient client, DoctorQuestion question, CancellationToken cancellation) =>
        client.SendAsync(HttpMethod.Post, "/doctor", json => JsonSerializer.Serialize(json, question, CommandJson.Default.DoctorQuestion), cancellation);

    private static JsonElement Alone(AdminClient client, DoctorQuestion question, ConfigSources sources)
    {
        var loaded = ConfigLoader.Load(sources);
        if (loaded.Snapshot is not { } snapshot)
        {
            throw new CommandFailure(string.Join(Environment.NewLine, loaded.Errors), 2);
        }

        var alone = new DoctorLine("running", "warn",
            $"Nothing answers at {client.Url}, so only {sources.FilePath ?? "the environment"} was looked at: nothing is known of keys, traffic and reachability.",
            "Start it with 'sluice serve', or name another address with --url.");
        return JsonSerializer.SerializeToElement(Doctor.Examine(snapshot, question with { Lines = [alone, .. question.Lines ?? []] }), CommandJson.Default.DoctorAnswer);
    }

    private static void Print(JsonElement answer, bool json)
    {
        if (json)
        {
            Output.Json(answer);
            return;
        }

        foreach (var line in Output.List(answer, "lines"))
        {
            Output.Line($"{Output.Text(line, "verdict"),-4}  {Output.Text(line, "check")}: {Output.Text(line, "found")}");
            if (Output.Text(line, "remedy") is not "-" and var remedy)
            {
                Output.Line($"      -> {remedy}");
            }
        }

        Output.Line("");
        Output.Line("What to do next:");
        foreach (var (step, at) in Output.List(answer, "next").Select((step, at) => (step, at + 1)))
        {
            Output.Line($"{at}. {Output.Text(step, "step")}: {Output.Text(step, "what")}");
        }
    }
}
