using System.Text.Json;

namespace Sluice.Testing;

/// <summary>What a script of <c>tests/clients</c> printed.</summary>
/// <param name="Ok">The call succeeded.</param>
/// <param name="Value">The script's answer, or <c>{status, type, message, headers}</c> of the SDK's own exception.</param>
/// <param name="Raw">The process.</param>
public sealed record NodeSdkResult(bool Ok, JsonElement Value, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>Runs one call of one script of <c>tests/clients</c> under the Node that the clients need. Needs <see cref="ClientsCache"/> complete.</summary>
public static class NodeScript
{
    /// <param name="script">A file of <c>tests/clients</c>.</param>
    /// <param name="call">The call inside it.</param>
    /// <param name="variables">Environment beside the bare one.</param>
    /// <param name="cancellation">Kills the script.</param>
    public static async Task<NodeSdkResult> RunAsync(string script, string call, IReadOnlyDictionary<string, string> variables, CancellationToken cancellation = default)
    {
        using var home = new TemporaryFolder();
        var environment = ProcessRunner.BareEnvironment(home.Path);
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        var raw = await ProcessRunner.RunAsync(
            new ProcessSpec(ClientsCache.Node, [Place(script), call]) { Environment = environment, WorkingFolder = home.Path },
            cancellation);

        // The script's last line is its result; anything before it is what an SDK had to say.
        var last = raw.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault();
        if (raw.ExitCode != 0 || last is null)
        {
            throw new InvalidOperationException($"{script} {call} printed no result. {raw}");
        }

        using var document = JsonDocument.Parse(last);
        var root = document.RootElement;
        return new NodeSdkResult(root.GetProperty("ok").GetBoolean(), root.GetProperty("value").Clone(), raw);
    }

    // Node looks for packages above the script, so the scripts must lie beside the installed node_modules.
    private static string Place(string script)
    {
        var folder = Directory.CreateDirectory(Path.Combine(ClientsCache.Folder, "scripts")).FullName;
        foreach (var source in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests", "clients"), "*.mjs"))
        {
            var target = Path.Combine(folder, Path.GetFileName(source));
            var text = File.ReadAllText(source);
            if (!File.Exists(target) || File.ReadAllText(target) != text)
            {
                // Tests run at the same time: a move is seen whole or not at all.
                var temporary = Path.Combine(folder, Path.GetRandomFileName());
                File.WriteAllText(temporary, text);
                File.Move(temporary, target, overwrite: true);
            }
        }

        return Path.Combine(folder, script);
    }
}
