using System.Globalization;
using System.Text.Json;

namespace Sluice.Testing;

/// <summary>How the Codex CLI is run.</summary>
/// <param name="BaseUrl">Without <c>/v1</c>.</param>
/// <param name="Key">A Sluice key.</param>
/// <param name="Model">Sent as it is. Names that the client knows (gpt-6-astra and its family) change its tools.</param>
public sealed record CodexRun(Uri BaseUrl, string Key, string Model)
{
    /// <summary>What it is asked first.</summary>
    public string Prompt { get; init; } = "Read notes.txt and tell me the marker.";

    /// <summary>
    /// How often it tries again itself, a request and a broken stream. 0 shows the gateway's own answer; null keeps the client's defaults of 4 and 5.
    /// </summary>
    public int? Retries { get; init; } = 0;

    /// <summary>Its own <c>openai</c> provider with another base URL, which tries a WebSocket first; false for a provider of the configuration file.</summary>
    public bool BuiltInProvider { get; init; }

    /// <summary>After this it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What one turn of Codex left.</summary>
/// <param name="ExitCode">0 when the client is content.</param>
/// <param name="Text">Its last message; null where it said nothing.</param>
/// <param name="Errors">Failures that it showed, the last of which ended the turn where there is no text. Not its notes about models that it does not know.</param>
/// <param name="InputTokens">Of the whole turn, as the client adds them up; null where it told none.</param>
/// <param name="Raw">The process: output, error, time.</param>
public sealed record CodexResult(int ExitCode, string? Text, IReadOnlyList<string> Errors, long? InputTokens, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>The real Codex CLI in a fresh home with a project of one file. Disposing removes both.</summary>
public sealed class CodexClient : IDisposable
{
    /// <summary>The word that stands in the project's notes.txt.</summary>
    public const string Marker = "HERON-4711";

    private readonly TemporaryFolder _home = new();
    private readonly CodexRun _run;
    private bool _asked;

    private CodexClient(CodexRun run) => _run = run;

    /// <summary>One turn from start to end. Needs <see cref="ClientsCache"/> complete.</summary>
    public static async Task<CodexResult> RunAsync(CodexRun run, CancellationToken cancellation = default)
    {
        using var client = Open(run);
        return await client.AskAsync(run.Prompt, cancellation);
    }

    /// <summary>A session of several turns.</summary>
    public static CodexClient Open(CodexRun run)
    {
        var client = new CodexClient(run);
        var folder = Directory.CreateDirectory(client._home.PathOf(".codex")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.toml"), Configuration(run));
        File.WriteAllText(Path.Combine(client.Project, "notes.txt"), $"The marker is {Marker}.\n");
        return client;
    }

    private string Project => Directory.CreateDirectory(_home.PathOf("project")).FullName;

    /// <summary>The first turn, or the next one of the same conversation.</summary>
    public async Task<CodexResult> AskAsync(string prompt, CancellationToken cancellation = default)
    {
        // Without the bypass it needs a kernel that lets it build its sandbox.
        string[] flags = ["exec", "--skip-git-repo-check", "--json", "--dangerously-bypass-approvals-and-sandbox"];
        var environment = ProcessRunner.BareEnvironment(_home.Path);
        environment[_run.BuiltInProvider ? "CODEX_API_KEY" : "SLUICE_KEY"] = _run.Key;

        var spec = new ProcessSpec(ClientsCache.Codex, _asked ? [.. flags, "resume", "--last", prompt] : [.. flags, prompt])
        {
            Environment = environment,
            WorkingFolder = Project,
            Timeout = _run.Timeout,
        };
        _asked = true;
        return Read(await ProcessRunner.RunAsync(spec, cancellation));
    }

    /// <inheritdoc/>
    public void Dispose() => _home.Dispose();

    private static string Configuration(CodexRun run)
    {
        var url = run.BaseUrl.ToString().TrimEnd('/') + "/v1";

        // The built-in provider has no such settings: it always tries again as often as it likes.
        var retries = run.Retries is { } times ? string.Create(CultureInfo.InvariantCulture, $"request_max_retries = {times}\nstream_max_retries = {times}\n") : "";
        var provider = run.BuiltInProvider
            ? $"openai_base_url = \"{url}\"\n"
            : "model_provider = \"sluice\"\n";
        var declared = run.BuiltInProvider ? "" : $"""
            [model_providers.sluice]
            name = "Sluice"
            base_url = "{url}"
            env_key = "SLUICE_KEY"
            wire_api = "responses"
            {retries}
            """;

        // Nothing but the model calls: no update check, no telemetry, no reports.
        return $"""
            model = "{run.Model}"
            check_for_update_on_startup = false
            {provider}
            [analytics]
            enabled = false
            [feedback]
            enabled = false
            [otel]
            exporter = "none"
            {declared}
            """;
    }

    // {"type":"item.completed","item":{"type":"agent_message","text":"…"}}, {"type":"error","message":"…"}, {"type":"turn.completed","usage":{…}}
    private static CodexResult Read(ProcessResult raw)
    {
        string? text = null;
        long? input = null;
        var errors = new List<string>();
        foreach (var line in raw.Output.Split('\n').Where(l => l.StartsWith('{')))
        {
            using var document = JsonDocument.Parse(line);
            var told = document.RootElement;
            switch (told.GetProperty("type").GetString())
            {
                case "item.completed" when told.GetProperty("item") is var item && item.GetProperty("type").ValueEquals("agent_message"):
                    text = item.GetProperty("text").GetString();
                    break;
                case "error":
                    errors.Add(told.GetProperty("message").GetString() ?? "");
                    break;
                case "turn.failed":
                    errors.Add(told.GetProperty("error").GetProperty("message").GetString() ?? "");
                    break;
                case "turn.completed" when told.TryGetProperty("usage", out var usage) && usage.TryGetProperty("input_tokens", out var tokens):
                    input = tokens.GetInt64();
                    break;
            }
        }

        return new CodexResult(raw.ExitCode, text, errors, input, raw);
    }
}
