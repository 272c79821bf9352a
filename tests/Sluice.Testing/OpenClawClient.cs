using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.Testing;

/// <summary>One headless run of OpenClaw.</summary>
/// <param name="BaseUrl">Without <c>/v1</c>; what the mode wants is added.</param>
/// <param name="Key">A Sluice key.</param>
/// <param name="Api"><c>openai-completions</c>, <c>openai-responses</c>, <c>anthropic-messages</c> or <c>google-generative-ai</c>.</param>
/// <param name="Model">Sent as it is.</param>
public sealed record OpenClawRun(Uri BaseUrl, string Key, string Api, string Model)
{
    /// <summary>The word that stands in the project's notes.txt.</summary>
    public const string Marker = "HERON-4711";

    /// <summary>What it is asked.</summary>
    public string Prompt { get; init; } = "Read notes.txt and tell me the marker.";

    /// <summary>Its model is one that thinks: it then asks for thinking.</summary>
    public bool Reasoning { get; init; }

    /// <summary>After this it is killed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(120);
}

/// <summary>What a run of OpenClaw left.</summary>
/// <param name="ExitCode">0 when the client is content.</param>
/// <param name="Text">The final answer; null where its output held none.</param>
/// <param name="Turns">Answers of the model as the client counts them; null where it did not say.</param>
/// <param name="Raw">The process: output, error, time.</param>
public sealed record OpenClawResult(int ExitCode, string? Text, int? Turns, ProcessResult Raw)
{
    /// <inheritdoc/>
    public override string ToString() => Raw.ToString();
}

/// <summary>Runs the real OpenClaw in a fresh home and a project of one file.</summary>
public static class OpenClawClient
{
    /// <summary>Runs it to its end. Needs <see cref="ClientsCache"/> complete.</summary>
    public static async Task<OpenClawResult> RunAsync(OpenClawRun run, CancellationToken cancellation = default)
    {
        using var home = new TemporaryFolder();
        var project = Directory.CreateDirectory(home.PathOf("project")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "notes.txt"), $"The marker is {OpenClawRun.Marker}.\n", cancellation);
        Directory.CreateDirectory(home.PathOf(".openclaw"));
        var config = home.PathOf(".openclaw", "exec.json");
        await File.WriteAllTextAsync(config, Config(run).ToJsonString(), cancellation);

        var environment = ClientsCache.NodeEnvironment(home.Path);
        environment["GW_API_KEY"] = run.Key;
        environment["NO_COLOR"] = "1";
        return Read(await ProcessRunner.RunAsync(
            new ProcessSpec(ClientsCache.OpenClaw, "agent", "exec", "--config", config, "--model", "gw/" + run.Model, "--json", "--timeout", "100", run.Prompt)
            {
                Environment = environment,
                WorkingFolder = project,
                Timeout = run.Timeout,
            },
            cancellation));
    }

    // {"ok":true,"status":"ok","final":"…","assistantTurns":2,"toolSummary":{…},…} over several lines.
    private static OpenClawResult Read(ProcessResult raw)
    {
        try
        {
            var printed = raw.Output.Length == 0 ? null : JsonNode.Parse(raw.Output);
            return new OpenClawResult(raw.ExitCode, (string?)printed?["final"], (int?)printed?["assistantTurns"], raw);
        }
        catch (JsonException)
        {
            return new OpenClawResult(raw.ExitCode, Text: null, Turns: null, raw);
        }
    }

    private static JsonObject Config(OpenClawRun run) => new()
    {
        ["models"] = OpenClawConfig.Models([KeyValuePair.Create("gw", (JsonNode?)OpenClawConfig.Provider(run.BaseUrl, run.Api, [run.Model], run.Reasoning))]),
        ["agents"] = new JsonObject { ["defaults"] = new JsonObject { ["model"] = new JsonObject { ["primary"] = "gw/" + run.Model } } },
        ["update"] = new JsonObject { ["checkOnStart"] = false },
    };
}
