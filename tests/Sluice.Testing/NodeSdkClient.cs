using System.Text.Json;

namespace Sluice.Testing;

/// <summary>What a script around a Node SDK printed.</summary>
/// <param name="Ok">The call succeeded.</param>
/// <param name="Value">The script's answer, or <c>{status, type, message, headers}</c> of the SDK's own exception.</param>
/// <param name="Raw">The process.</param>
public sealed record NodeSdkResult(bool Ok, JsonElement Value, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>Runs the scripts of <c>tests/clients</c>, which call the official Node SDKs as their users do.</summary>
public static class NodeSdkClient
{
    /// <summary>Runs one call of one script. Needs <see cref="ClientsCache"/> complete.</summary>
    /// <param name="script">A file of <c>tests/clients</c>, for example <c>anthropic-sdk.mjs</c>.</param>
    /// <param name="call">The call inside it: <c>plain</c>, <c>stream</c>, <c>tools</c>, <c>models</c>, …</param>
    /// <param name="baseUrl">Without <c>/v1</c>; the scripts add what their SDK wants.</param>
    /// <param name="key">A Sluice key.</param>
    /// <param name="model">Sent as it is.</param>
    /// <param name="cancellation">Kills the script.</param>
    public static async Task<NodeSdkResult> RunAsync(string script, string call, Uri baseUrl, string key, string model, CancellationToken cancellation = default)
    {
        using var home = new TemporaryFolder();
        var environment = ProcessRunner.BareEnvironment(home.Path);
        environment["BASE_URL"] = baseUrl.ToString().TrimEnd('/');
        environment["KEY"] = key;
        environment["MODEL"] = model;
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
