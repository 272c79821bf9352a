using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Testing;

/// <summary>One headless run of Gemini CLI.</summary>
/// <param name="BaseUrl">Without <c>/v1beta</c>.</param>
/// <param name="Key">A Sluice key.</param>
public sealed record GeminiCliRun(Uri BaseUrl, string Key)
{
    /// <summary>The word that stands in the project's notes.txt.</summary>
    public const string Marker = "HERON-4711";

    /// <summary>What it is asked.</summary>
    public string Prompt { get; init; } = "Read notes.txt and tell me the marker.";

    /// <summary>Sent as it is, slashes too; null leaves the choice to the client, which first asks a small model how hard the task is.</summary>
    public string? Model { get; init; }

    /// <summary>Signs in as to Vertex's express mode: other paths, the same header.</summary>
    public bool AsVertex { get; init; }

    /// <summary>How often it sends a request at most. 1 shows the gateway's own answer; null keeps the client's default of 10.</summary>
    public int? Attempts { get; init; } = 1;

    /// <summary>Further variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>After this it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(90);
}

/// <summary>What a run of Gemini CLI left.</summary>
/// <param name="ExitCode">0 when the client is content; it is so with truncated answers too.</param>
/// <param name="Text">The final answer; null where its output held none.</param>
/// <param name="Error">The error's message as the client shows it; null where it shows none.</param>
/// <param name="Raw">The process: output, error, time.</param>
public sealed record GeminiCliResult(int ExitCode, string? Text, string? Error, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>Runs the real Gemini CLI in a fresh home and a project of one file.</summary>
public static class GeminiCliClient
{
    /// <summary>Runs it to its end. Needs <see cref="ClientsCache"/> complete.</summary>
    public static async Task<GeminiCliResult> RunAsync(GeminiCliRun run, CancellationToken cancellation = default)
    {
        using var home = new TemporaryFolder();
        var project = Directory.CreateDirectory(home.PathOf("project")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "notes.txt"), $"The marker is {GeminiCliRun.Marker}.\n", cancellation);
        Directory.CreateDirectory(home.PathOf(".gemini"));
        await File.WriteAllTextAsync(home.PathOf(".gemini", "settings.json"), Settings(run).ToJsonString(), cancellation);

        string[] model = run.Model is null ? [] : ["-m", run.Model];
        var spec = new ProcessSpec(ClientsCache.GeminiCli, ["-p", run.Prompt, "--output-format", "json", "--skip-trust", "--approval-mode", "yolo", .. model])
        {
            Environment = EnvironmentFor(run, home),
            WorkingFolder = project,
            Timeout = run.Timeout,
        };
        return Read(await ProcessRunner.RunAsync(spec, cancellation));
    }

    // Nothing but the model calls: no statistics, no telemetry, no update check.
    private static JsonObject Settings(GeminiCliRun run)
    {
        var general = new JsonObject { ["enableAutoUpdate"] = false, ["enableAutoUpdateNotification"] = false };
        if (run.Attempts is { } attempts)
        {
            general["maxAttempts"] = attempts;
        }

        return new JsonObject
        {
            ["security"] = new JsonObject { ["auth"] = new JsonObject { ["selectedType"] = run.AsVertex ? "vertex-ai" : "gemini-api-key" } },
            ["privacy"] = new JsonObject { ["usageStatisticsEnabled"] = false },
            ["telemetry"] = new JsonObject { ["enabled"] = false },
            ["general"] = general,
        };
    }

    private static Dictionary<string, string> EnvironmentFor(GeminiCliRun run, TemporaryFolder home)
    {
        var environment = ClientsCache.NodeEnvironment(home.Path);
        var address = run.BaseUrl.ToString().TrimEnd('/');
        environment["GEMINI_CLI_TRUST_WORKSPACE"] = "true";

        // It would start itself a second time with more memory, which one small file does not need.
        environment["GEMINI_CLI_NO_RELAUNCH"] = "true";
        if (run.AsVertex)
        {
            environment["GOOGLE_GENAI_USE_VERTEXAI"] = "true";
            environment["GOOGLE_API_KEY"] = run.Key;
            environment["GOOGLE_VERTEX_BASE_URL"] = address;
        }
        else
        {
            environment["GEMINI_API_KEY"] = run.Key;
            environment["GOOGLE_GEMINI_BASE_URL"] = address;
        }

        foreach (var (name, value) in run.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    // {"session_id":"…","response":"…","stats":{…}}, or {"error":{"type":"…","message":"…","code":…}} on standard error; both over several lines.
    private static GeminiCliResult Read(ProcessResult raw)
    {
        var (text, error) = (Object(raw.Output), Object(raw.Error));
        return new GeminiCliResult(raw.ExitCode, (string?)text?["response"], (string?)(text?["error"] ?? error?["error"])?["message"], raw);
    }

    private static JsonNode? Object(string printed)
    {
        // Warnings stand before it.
        for (var at = printed.IndexOf("{\n", StringComparison.Ordinal); at >= 0; at = printed.IndexOf("\n{\n", at + 1, StringComparison.Ordinal))
        {
            try
            {
                return JsonNode.Parse(printed[at..]);
            }
            catch (JsonException)
            {
                // Not this one; the next may be it.
            }
        }

        return null;
    }
}
