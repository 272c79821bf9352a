using System.CommandLine;
using System.Text.Json;
using Sluice.Commands.Setup;

namespace Sluice.Commands;

/// <summary><c>sluice setup claude-code</c></summary>
internal static class SetupCommand
{
    private const string Client = "claude-code";

    public static Command Create(AdminClientOptions options)
    {
        var scope = new Option<SetupScope>("--scope") { Description = "project (tracked: the address alone, the key beside it), local, or global", DefaultValueFactory = _ => SetupScope.Local };
        var key = new Option<string?>("--key") { Description = "The client key to write [a new one, made for this user]" };
        var user = new Option<string>("--user") { Description = "Whose new key", DefaultValueFactory = _ => Environment.UserName };
        var project = new Option<string?>("--project") { Description = "The new key's project" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show the changes, write nothing" };
        var undo = new Option<bool>("--undo") { Description = "Restore what was there before, byte for byte" };
        var explain = new Option<bool>("--explain") { Description = "Show which settings are in effect, and from where" };
        var claude = new Command(Client, "Point Claude Code at this Sluice.") { scope, key, user, project, dryRun, undo, explain };
        options.Attach(claude, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            var folder = Directory.GetCurrentDirectory();
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var setup = new ClaudeCodeSetup(folder, home);
            var isGlobal = parsed.GetValue(scope) == SetupScope.Global;
            var record = SetupRecord.PathFor(home, Client, isGlobal ? home : folder);
            if (parsed.GetValue(undo))
            {
                Show(context, new SetupAnswer(false, true, SetupRecord.Undo(record), null));
            }
            else if (parsed.GetValue(explain))
            {
                Explain(context, setup.Explain());
            }
            else
            {
                var isDry = parsed.GetValue(dryRun);
                var url = context.Client.Url.ToString().TrimEnd('/');
                // Both before a key is made: a settings file that cannot be edited must not leave a key behind.
                _ = setup.Plan(parsed.GetValue(scope), url, "");
                var token = parsed.GetValue(key) ?? (isDry ? "sk-sluice-" + new string('x', 40) : await MakeKeyAsync(context, parsed.GetRequiredValue(user), parsed.GetValue(project), cancellation));
                var changes = setup.Plan(parsed.GetValue(scope), url, token);
                if (!isDry)
                {
                    SetupRecord.Apply(record, changes);
                }

                Show(context, changes, token, isDry, url);
            }
        });
        return new Command("setup", "Point a client at this Sluice, reversibly.") { claude };
    }

    private static async Task<string> MakeKeyAsync(CommandContext context, string user, string? project, CancellationToken cancellation)
    {
        var answer = await context.Client.SendAsync(
            HttpMethod.Post,
            "/keys",
            json =>
            {
                json.WriteStartObject();
                json.WriteString("user"u8, user);
                json.WriteString("name"u8, $"{Client} on {Environment.MachineName}");
                if (project is not null)
                {
                    json.WriteString("project"u8, project);
                }

                json.WriteEndObject();
            },
            cancellation);
        return answer.GetProperty("key").GetString()!;
    }

    private static void Show(CommandContext context, IReadOnlyList<FileChange> changes, string token, bool isDry, string url)
    {
        if (context.Json)
        {
            Show(context, new SetupAnswer(isDry, false, [.. changes.Select(change => change.Path)], url));
            return;
        }

        foreach (var change in changes)
        {
            Output.Line((change.Before is null ? "new file " : "changed  ") + change.Path);
            foreach (var line in LineDiff.Of(change.Before ?? [], change.After))
            {
                Output.Line("  " + ClaudeCodeSetup.MaskKeys(line));
            }
        }

        Output.Line(changes.Count == 0 ? "Nothing to change: Claude Code is set up like this already."
            : isDry ? "Nothing was written (--dry-run)."
            : "Done. 'sluice setup claude-code --undo', with the same --scope, restores what was there.");
    }

    private static void Show(CommandContext context, SetupAnswer answer)
    {
        if (context.Json)
        {
            Output.Json(JsonSerializer.SerializeToElement(answer, CommandJson.Default.SetupAnswer));
            return;
        }

        foreach (var file in answer.Files)
        {
            Output.Line("restored " + file);
        }
    }

    private static void Explain(CommandContext context, IReadOnlyList<EffectiveSetting> settings)
    {
        if (context.Json)
        {
            Output.Json(JsonSerializer.SerializeToElement([.. settings], CommandJson.Default.ListEffectiveSetting));
            return;
        }

        Output.Table(["setting", "value", "from"], settings.Select(setting => new[] { setting.Name, setting.Value ?? "-", setting.Origin ?? "nowhere" }));
    }
}
