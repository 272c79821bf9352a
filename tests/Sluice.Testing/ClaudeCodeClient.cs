using System.Text.Json;

namespace Sluice.Testing;

/// <summary>One headless run of Claude Code.</summary>
/// <param name="BaseUrl">Without <c>/v1</c>.</param>
/// <param name="Key">A Sluice key.</param>
public sealed record ClaudeCodeRun(Uri BaseUrl, string Key)
{
    /// <summary>The word that stands in the project's notes.txt.</summary>
    public const string Marker = "HERON-4711";

    /// <summary>What it is asked.</summary>
    public string Prompt { get; init; } = "Read notes.txt and tell me the marker.";

    /// <summary>Sent as it is; null leaves the choice to the client.</summary>
    public string? Model { get; init; } = "claude-sonnet-4-6";

    /// <summary><c>json</c> or <c>stream-json</c>.</summary>
    public string OutputFormat { get; init; } = "json";

    /// <summary>How often it tries again itself. 0 shows the gateway's own answer; null keeps the client's default of 10.</summary>
    public int? Retries { get; init; } = 0;

    /// <summary>The key goes as <c>x-api-key</c> instead of <c>Authorization: Bearer</c>.</summary>
    public bool AsApiKey { get; init; }

    /// <summary>Further arguments.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Further variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>After this it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(90);
}

/// <summary>What a run of Claude Code left.</summary>
/// <param name="ExitCode">0 when the client is content.</param>
/// <param name="Text">The final answer or error as the client shows it; null where its output held none.</param>
/// <param name="IsError">The client's own verdict.</param>
/// <param name="Turns">Model calls as the client counts them; null where it did not say.</param>
/// <param name="SessionId">The client's session, as it sends it.</param>
/// <param name="Raw">The process: output, error, time.</param>
public sealed record ClaudeCodeResult(int ExitCode, string? Text, bool IsError, int? Turns, string? SessionId, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>Runs the real Claude Code in a fresh home and a project of one file.</summary>
public static class ClaudeCodeClient
{
    /// <summary>Runs it to its end. Needs <see cref="ClientsCache"/> complete.</summary>
    public static async Task<ClaudeCodeResult> RunAsync(ClaudeCodeRun run, CancellationToken cancellation = default)
    {
        using var home = new TemporaryFolder();
        var project = Directory.CreateDirectory(home.PathOf("project")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "notes.txt"), $"The marker is {ClaudeCodeRun.Marker}.\n", cancellation);

        var spec = new ProcessSpec(ClientsCache.ClaudeCode, ["-p", run.Prompt, "--output-format", run.OutputFormat, .. ExtraArguments(run)])
        {
            Environment = EnvironmentFor(run, home),
            WorkingFolder = project,
            Timeout = run.Timeout,
        };
        return Read(await ProcessRunner.RunAsync(spec, cancellation));
    }

    // The client refuses stream-json without --verbose.
    private static IEnumerable<string> ExtraArguments(ClaudeCodeRun run) =>
        run.OutputFormat == "stream-json" ? ["--verbose", .. run.Arguments] : run.Arguments;

    private static Dictionary<string, string> EnvironmentFor(ClaudeCodeRun run, TemporaryFolder home)
    {
        var environment = ProcessRunner.BareEnvironment(home.Path);
        environment["ANTHROPIC_BASE_URL"] = run.BaseUrl.ToString().TrimEnd('/');
        environment[run.AsApiKey ? "ANTHROPIC_API_KEY" : "ANTHROPIC_AUTH_TOKEN"] = run.Key;

        // Nothing but the model calls: no telemetry, no update check, no error reports.
        environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        environment["DISABLE_TELEMETRY"] = "1";
        environment["DISABLE_ERROR_REPORTING"] = "1";
        environment["DISABLE_AUTOUPDATER"] = "1";
        if (run.Model is not null)
        {
            environment["ANTHROPIC_MODEL"] = run.Model;
        }

        if (run.Retries is { } retries)
        {
            environment["CLAUDE_CODE_MAX_RETRIES"] = retries.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        foreach (var (name, value) in run.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    // Both formats end with one object: {"type":"result","subtype":"success","is_error":false,"num_turns":2,"result":"…","session_id":"…"}
    private static ClaudeCodeResult Read(ProcessResult raw)
    {
        foreach (var line in raw.Output.Split('\n').Reverse())
        {
            if (TryParse(line) is { } result)
            {
                return new ClaudeCodeResult(
                    raw.ExitCode,
                    Text(result, "result"),
                    result.TryGetProperty("is_error", out var error) && error.ValueKind == JsonValueKind.True,
                    result.TryGetProperty("num_turns", out var turns) && turns.TryGetInt32(out var count) ? count : null,
                    Text(result, "session_id"),
                    raw);
            }
        }

        return new ClaudeCodeResult(raw.ExitCode, Text: null, IsError: true, Turns: null, SessionId: null, raw);
    }

    private static string? Text(JsonElement result, string name) =>
        result.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? TryParse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("type", out var type) && type.ValueEquals("result") ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
