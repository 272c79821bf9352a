using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sluice.Testing;

/// <summary>What a turn of an OpenClaw gateway came to.</summary>
/// <param name="Status">The HTTP status of its answer; 200 when it is content.</param>
/// <param name="Text">The final answer; null where there is none.</param>
/// <param name="Raw">Its answer's body.</param>
public sealed record OpenClawTurn(int Status, string? Text, string Raw)
{
    /// <inheritdoc/>
    public override string ToString() => $"status {Status}\n{Raw}";
}

/// <summary>
/// OpenClaw's own server in a fresh home and a project of one file. It takes seconds to start, but then a turn takes less than one, so many models
/// in all modes can be tried. Disposing stops it.
/// </summary>
public sealed class OpenClawGateway : IAsyncDisposable
{
    /// <summary>OpenClaw's modes, one for each wire that it speaks.</summary>
    public static readonly IReadOnlyList<string> Modes = ["openai-completions", "openai-responses", "anthropic-messages", "google-generative-ai"];

    private const string Token = "token-of-this-openclaw";
    private const int MostLines = 2_000;

    private readonly Process _process;
    private readonly TemporaryFolder _home;
    private readonly HttpClient _client;
    private readonly TranscriptLines _lines = new(MostLines);

    private OpenClawGateway(Process process, TemporaryFolder home, int port)
    {
        (_process, _home) = (process, home);
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(100) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        process.OutputDataReceived += (_, line) => _lines.Add(line.Data);
        process.ErrorDataReceived += (_, line) => _lines.Add(line.Data);
    }

    /// <summary>Everything that it printed, for a failure's message.</summary>
    public string Transcript => _lines.Text;

    /// <summary>Starts it and waits until it answers. Needs <see cref="ClientsCache"/> complete.</summary>
    /// <param name="sluice">Without <c>/v1</c>.</param>
    /// <param name="key">A Sluice key.</param>
    /// <param name="models">Each can be asked in every mode.</param>
    public static async Task<OpenClawGateway> StartAsync(Uri sluice, string key, IReadOnlyList<string> models)
    {
        var home = new TemporaryFolder();
        var project = Directory.CreateDirectory(home.PathOf("project")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "notes.txt"), $"The marker is {OpenClawRun.Marker}.\n");
        Directory.CreateDirectory(home.PathOf(".openclaw"));
        await File.WriteAllTextAsync(home.PathOf(".openclaw", "openclaw.json"), Config(sluice, models, home, project).ToJsonString());

        var environment = ClientsCache.NodeEnvironment(home.Path);
        environment["GW_API_KEY"] = key;
        environment["NO_COLOR"] = "1";

        // Nothing but the model calls: no channels, no schedules, no announcements, no second process of itself, no updates.
        foreach (var off in (string[])["SKIP_CHANNELS", "SKIP_CRON", "DISABLE_BONJOUR", "NO_RESPAWN", "NO_AUTO_UPDATE"])
        {
            environment["OPENCLAW_" + off] = "1";
        }

        var port = SluiceProcess.FreePort();
        string[] arguments = ["gateway", "run", "--bind", "loopback", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        var process = new Process { StartInfo = ProcessRunner.StartInfo(ClientsCache.OpenClaw, arguments, environment, project) };
        var gateway = new OpenClawGateway(process, home, port);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await gateway.WaitUntilReadyAsync();
            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>One turn of a conversation of its own.</summary>
    /// <param name="mode">One of <see cref="Modes"/>.</param>
    /// <param name="model">One of the models that it was started with.</param>
    /// <param name="prompt">What it is asked.</param>
    public async Task<OpenClawTurn> AskAsync(string mode, string model, string prompt = "Read notes.txt and tell me the marker.")
    {
        var body = new JsonObject
        {
            ["model"] = "openclaw/default",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.Add("x-openclaw-model", ProviderOf(mode) + "/" + model);
        using var response = await _client.SendAsync(request);
        var raw = await response.Content.ReadAsStringAsync();
        return new OpenClawTurn((int)response.StatusCode, response.IsSuccessStatusCode ? (string?)JsonNode.Parse(raw)?["choices"]?[0]?["message"]?["content"] : null, raw);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _home.Dispose();
    }

    private static string ProviderOf(string mode) => "by-" + mode;

    private static JsonObject Config(Uri sluice, IReadOnlyList<string> models, TemporaryFolder home, string project) => new()
    {
        ["gateway"] = new JsonObject
        {
            ["mode"] = "local",
            ["auth"] = new JsonObject { ["mode"] = "token", ["token"] = Token },
            ["http"] = new JsonObject { ["endpoints"] = new JsonObject { ["chatCompletions"] = new JsonObject { ["enabled"] = true } } },
        },
        ["models"] = OpenClawConfig.Models(Modes.Select(mode => KeyValuePair.Create(ProviderOf(mode), (JsonNode?)OpenClawConfig.Provider(sluice, mode, models)))),
        ["agents"] = new JsonObject
        {
            ["defaults"] = new JsonObject
            {
                ["model"] = new JsonObject { ["primary"] = $"{ProviderOf(Modes[0])}/{models[0]}" },
                ["workspace"] = project,
                ["skipBootstrap"] = true,
            },
        },
        ["plugins"] = new JsonObject { ["enabled"] = false },
        ["discovery"] = new JsonObject { ["mdns"] = new JsonObject { ["mode"] = "off" } },
        ["update"] = new JsonObject { ["checkOnStart"] = false },
        ["logging"] = new JsonObject { ["file"] = home.PathOf("openclaw.log") },
    };

    private async Task WaitUntilReadyAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await tick.WaitForNextTickAsync(bound.Token))
            {
                if (_process.HasExited)
                {
                    await _process.WaitForExitAsync(bound.Token);
                    throw new InvalidOperationException($"OpenClaw ended with exit code {_process.ExitCode} instead of serving.\n{Transcript}");
                }

                if (await AnswersAsync(bound.Token))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException("OpenClaw was not ready in time.\n" + Transcript, late);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await _client.GetAsync(new Uri("/v1/models", UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
