using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>What real agents and SDKs sent, sent again: to a provider of their own format and, translated, to those of all others.</summary>
public sealed partial class CaptureTests(EveryProvider gateway) : IClassFixture<EveryProvider>
{
    // The test's own connection has its own of these.
    private static readonly string[] NotSentAgain =
        ["host", "connection", "content-length", "content-type", "accept-encoding", "authorization", "x-api-key", "x-goog-api-key", "expect", "transfer-encoding"];

    // What agents tell their own vendor about themselves.
    private static readonly string[] OfOneVendor = ["x-claude", "x-app", "x-codex", "x-goog-api-client", "anthropic-", "openai-"];

    private static readonly IReadOnlyList<Capture> All =
        [.. ((string[])["claude-code", "claude-interactive", "codex", "gemini-cli", "openclaw", "sdks"]).SelectMany(SharedData.Captures).Select(Read).OfType<Capture>().Select((c, i) => c with { Number = i })];

    internal static int Count => All.Count;

    public static TheoryData<string> Clients => All.Count > 0 ? [.. All.Select(c => c.Client).Distinct(StringComparer.Ordinal)] : [""];

    [Theory]
    [MemberData(nameof(Clients))]
    public Task Capture_ToAProviderOfItsFormat_ArrivesByteForByte(string client) => ForEachAsync(client, async capture =>
    {
        var body = capture.BodyFor(EveryProvider.Model(capture.Wire, capture.Number));

        var (status, answer) = await SendAsync(capture, capture.Wire);

        Assert.True(status == HttpStatusCode.OK, answer);
        var sent = Sent(capture, capture.Wire);
        var expected = capture.Wire == Wire.Gemini ? body : RecordedCases.WithModel(body, EveryProvider.UpstreamModel(capture.Wire, capture.Number));
        if (capture.Wire == Wire.Chat && sent.AsksForStream() && !Encoding.UTF8.GetString(body).Contains("include_usage", StringComparison.Ordinal))
        {
            expected = [.. "{\"stream_options\":{\"include_usage\":true},"u8, .. expected.AsSpan(1)];
        }

        Assert.True(expected.AsSpan().SequenceEqual(sent.Body), Encoding.UTF8.GetString(sent.Body!));
        Assert.Equal(capture.Header("anthropic-beta"), sent.Header("anthropic-beta"));
        Assert.Equal(EveryProvider.Key(capture.Wire), sent.Credential);
    });

    [Theory]
    [MemberData(nameof(Clients))]
    public Task Capture_ToProvidersOfOtherFormats_ArrivesLegal(string client) => ForEachAsync(client, async capture =>
    {
        foreach (var upstream in Enum.GetValues<Wire>().Where(w => w != capture.Wire))
        {
            var (status, answer) = await SendAsync(capture, upstream);
            Assert.True(status == HttpStatusCode.OK, $"to {upstream}: {answer}");
            if (capture.IsCount)
            {
                using var count = JsonDocument.Parse(answer);
                Assert.True((count.RootElement.Count("input_tokens") ?? count.RootElement.Count("totalTokens")) > 0, answer);
                continue;
            }

            var sent = Sent(capture, upstream);
            var wrong = Violations(upstream, sent.Body!);
            Assert.True(wrong.Count == 0, $"to {upstream}: {string.Join("; ", wrong)}");
            using var arrived = JsonDocument.Parse(sent.Body!);
            Assert.Equal(ToolNames(capture.Wire, capture.Body), ToolNames(upstream, arrived.RootElement).Where(n => capture.Wire != Wire.Responses || ToolNames(capture.Wire, capture.Body).Contains(n)));
            Assert.DoesNotContain(sent.Headers, h => OfOneVendor.Any(v => h.Key.StartsWith(v, StringComparison.OrdinalIgnoreCase)) && h.Key is not "anthropic-version" && (h.Key != "anthropic-beta" || upstream != Wire.Messages));
            Assert.Equal(EveryProvider.Key(upstream), sent.Credential);
        }
    });

    private static IReadOnlyList<string> Violations(Wire upstream, byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return upstream switch
        {
            Wire.Messages => AnthropicRequestRules.Violations(body),
            Wire.Chat => ChatRequestRules.Violations(body),
            Wire.Responses => ResponsesRequestRules.Violations(body),
            Wire.Gemini => GeminiRequestRules.Violations(document.RootElement, 2.5m),
            _ => ConverseRequestRules.Violations(document.RootElement),
        };
    }

    // Those that the client runs; what a vendor runs has no name that another knows.
    private static List<string> ToolNames(Wire wire, JsonElement body) => [.. (wire switch
    {
        Wire.Messages => body.Items("tools").Where(t => t.Member("input_schema").ValueKind == JsonValueKind.Object).Select(t => t.Text("name")),
        Wire.Chat => body.Items("tools").Select(t => t.Member("function").Text("name")),
        Wire.Responses => body.Items("tools").Where(t => t.Text("type") == "function").Select(t => t.Text("name")),
        Wire.Gemini => body.Items("tools").SelectMany(t => t.Items("functionDeclarations")).Select(t => t.Text("name")),
        _ => body.Member("toolConfig").Items("tools").Where(t => t.Member("toolSpec").ValueKind == JsonValueKind.Object).Select(t => t.Member("toolSpec").Text("name")),
    }).OfType<string>()];

    private static async Task ForEachAsync(string client, Func<Capture, Task> check)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(All.Where(c => c.Client == client), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (capture, _) =>
        {
            try
            {
                await check(capture);
            }
            catch (Exception e)
            {
                wrong.Enqueue($"{capture.Name}: {e.Message}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count}:\n" + string.Join("\n\n", wrong));
    }

    private ReceivedRequest Sent(Capture capture, Wire upstream) =>
        gateway.Simulator.Record.Requests.Last(r => r.Model == EveryProvider.UpstreamModel(upstream, capture.Number));

    private async Task<(HttpStatusCode Status, string Answer)> SendAsync(Capture capture, Wire upstream)
    {
        var model = EveryProvider.Model(upstream, capture.Number);
        using var request = new HttpRequestMessage(HttpMethod.Post, capture.UrlFor(model)) { Content = new ByteArrayContent(capture.BodyFor(model)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in capture.Headers.Where(h => !NotSentAgain.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await gateway.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static Capture? Read(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var root = document.RootElement;
        Wire? wire = (root.Text("url"), root.Member("body").ValueKind) switch
        {
            ({ } url, JsonValueKind.Object) when url.Contains("/v1/messages", StringComparison.Ordinal) => Wire.Messages,
            ({ } url, JsonValueKind.Object) when url.Contains("/chat/completions", StringComparison.Ordinal) => Wire.Chat,
            ({ } url, JsonValueKind.Object) when url.Contains("/v1/responses", StringComparison.Ordinal) => Wire.Responses,
            ({ } url, JsonValueKind.Object) when url.Contains("/models/", StringComparison.Ordinal) => Wire.Gemini,
            _ => null,
        };
        return wire is null ? null : new Capture(
            Path.GetRelativePath(SharedData.PathOf("captures"), path), wire.Value, root.Text("url")!, root.GetProperty("body").Clone(),
            root.GetProperty("headers").EnumerateObject().ToDictionary(h => h.Name, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase));
    }

    private sealed partial record Capture(string Name, Wire Wire, string Url, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
    {
        public int Number { get; init; }

        public string Client => Name.Split('/', '\\')[0];

        public bool IsCount => Url.Contains("count", StringComparison.OrdinalIgnoreCase);

        public string? Header(string name) => Headers.GetValueOrDefault(name);

        public string UrlFor(string model) => Wire == Wire.Gemini ? ModelInPath().Replace(Url, "/models/" + model + ":") : Url;

        public byte[] BodyFor(string model)
        {
            var body = Encoding.UTF8.GetBytes(Body.GetRawText());
            return Wire == Wire.Gemini ? body : RecordedCases.WithModel(body, model);
        }

        [GeneratedRegex("/models/.+:", RegexOptions.NonBacktracking)]
        private static partial Regex ModelInPath();
    }
}
