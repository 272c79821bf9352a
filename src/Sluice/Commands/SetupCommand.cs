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
        var scope = new Option<SetupScope>("--scope") { Description = "project (tracked: the address alone, the key beside it), local, or global [local]", DefaultValueFactory = _ => SetupScope.Local };
        var key = new Option<string?>("--key") { Description = "The client key to write [the one that is there, where Sluice takes it; else a new one, made for this user]" };
        var user = new Option<string?>("--user") { Description = "Whose key [the account's name for a new one]" };
        var project = new Option<string?>("--project") { Description = "The key's project" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show the changes, write nothing" };
        var undo = new Option<bool>("--undo") { Description = "Restore what was there before, byte for byte, and revoke the key that setup made" };
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
            var run = new SetupRun(context.Client, setup, record);
            if (parsed.GetValue(undo))
            {
                Show(context, await run.UndoAsync(cancellation));
            }
            else if (parsed.GetValue(explain))
            {
                Explain(context, setup.Explain());
            }
            else
            {
                var wish = new SetupWish(parsed.GetValue(scope), parsed.GetValue(key), parsed.GetValue(user), parsed.GetValue(project), parsed.GetValue(dryRun));
                Show(context, wish, await run.ApplyAsync(wish, cancellation));
            }
        });
        return new Command("setup", "Point a client at this Sluice, reversibly.") { claude };
    }

    private static void Show(CommandContext context, SetupWish wish, SetupOutcome outcome)
    {
        var (url, key, changes) = outcome;
        var origin = wish.Key is not null ? "given" : key.Made ? "made" : "reused";
        if (context.Json)
        {
            Json(new SetupAnswer(wish.DryRun, false, [.. changes.Select(change => change.Path)], url) { Key = origin, KeyId = key.Id });
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

        Output.Line(origin switch
        {
            "made" when wish.DryRun => "key      a new one will be made",
            "made" => $"key      made {key.Id}; --undo revokes it",
            "reused" => $"key      {key.Id}, which was there, goes on",
            _ => "key      as given; --undo does not revoke it",
        });
        Output.Line(changes.Count == 0 ? "Nothing to change: Claude Code is set up like this already."
            : wish.DryRun ? "Nothing was written (--dry-run)."
            : "Done. 'sluice setup claude-code --undo', with the same --scope, restores what was there.");
    }

    private static void Show(CommandContext context, UndoOutcome outcome)
    {
        var (files, keys) = outcome;
        if (context.Json)
        {
            Json(new SetupAnswer(false, true, files, null) { RevokedKeys = keys.Revoked, ValidKeys = [.. keys.Left.Select(key => key.Id)] });
        }
        else
        {
            foreach (var file in files)
            {
                Output.Line("restored " + file);
            }

            foreach (var id in keys.Revoked)
            {
                Output.Line($"revoked  {id}, which setup had made");
            }
        }

        if (keys.Left.Count > 0)
        {
            throw new CommandFailure($"The files are restored, but {string.Join(", ", keys.Left.Select(key => key.Id))}, made by setup, could not be revoked: {keys.Why} Run --undo again then, or 'sluice keys revoke {keys.Left[0].Id}'.");
        }
    }

    private static void Json(SetupAnswer answer) => Output.Json(JsonSerializer.SerializeToElement(answer, CommandJson.Default.SetupAnswer));

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
