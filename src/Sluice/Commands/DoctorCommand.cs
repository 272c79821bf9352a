using System.CommandLine;
using System.Text.Json;
using Sluice.Commands.Doctor;
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
        var folder = new Option<string?>("--folder") { Description = "A folder whose files that git tracks are searched for keys [the working folder]" };
        var request = new Option<string?>("--request") { Description = "The gen-… id of one request: was it the key, the quota, the provider or the request?" };
        var command = new Command("doctor", "The production checklist: what is in place, what is missing, and what to do about it. Fails where a line does.") { config, key, models, folder, request };
        return options.Attach(command, (context, cancellation) => context.Parsed.GetValue(request) is { } id
            ? DiagnoseAsync(context, id, cancellation)
            : ExamineAsync(
                context,
                new DoctorQuestion { ClientKey = context.Parsed.GetValue(key), Models = context.Parsed.GetValue(models) ?? [] },
                context.Parsed.GetValue(folder) ?? Directory.GetCurrentDirectory(),
                () => ProcessSources.Read(context.Parsed.GetValue(config)),
                cancellation));
    }

    private static async Task ExamineAsync(CommandContext context, DoctorQuestion question, string folder, Func<ConfigSources> sources, CancellationToken cancellation)
    {
        if (await RepositoryKeys.LookAsync(folder, cancellation) is { } found)
        {
            question = question with { Lines = [found] };
        }

        var answer = await context.Client.AnswersAsync(cancellation)
            ? await AskAsync(context.Client, question, cancellation)
            : Alone(context.Client, question, sources());
        if (context.Json)
        {
            Output.Json(answer);
        }
        else
        {
            DoctorText.Show(answer);
        }

        var lines = Output.List(answer, "lines");
        var failed = lines.Count(line => Output.Text(line, "verdict") == "fail");
        if (failed > 0)
        {
            throw new CommandFailure($"{failed} of {lines.Count} lines fail.");
        }
    }

    private static async Task DiagnoseAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        var answer = await context.Client.GetAsync("/diagnose/" + Uri.EscapeDataString(id), cancellation);
        if (context.Json)
        {
            Output.Json(answer);
        }
        else
        {
            DoctorText.ShowDiagnosis(answer);
        }

        if (Output.Text(answer, "fault") is not "-" and var fault)
        {
            throw new CommandFailure($"It was the {fault}.");
        }
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
        return JsonSerializer.SerializeToElement(DoctorAnswer.Of(snapshot, question with { Lines = [alone, .. question.Lines ?? []] }), CommandJson.Default.DoctorAnswer);
    }
}
