using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>What real agents and SDKs sent, sent again: to a provider of their own format and, translated, to one of the other.</summary>
public sealed class CaptureTests(BothWays gateway) : IClassFixture<BothWays>
{
    // The test's own connection has its own of these.
    private static readonly string[] NotSentAgain = ["host", "connection", "content-length", "content-type", "accept-encoding", "authorization", "x-api-key", "expect", "transfer-encoding"];

    public static TheoryData<string> Captures
    {
        get
        {
            var rows = new TheoryData<string>();
            foreach (var path in (IEnumerable<string>)[.. SharedData.Captures("claude-code"), .. SharedData.Captures("claude-interactive"), .. SharedData.Captures("sdks"), .. SharedData.Captures("openclaw")])
            {
                using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
                if (FormatOf(capture.RootElement) is not null)
                {
                    rows.Add(Path.GetRelativePath(SharedData.PathOf("captures"), path));
                }
            }

            if (rows.Count == 0)
            {
                rows.Add("");
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task Capture_ToAProviderOfItsFormat_ArrivesByteForByte(string name)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        using var capture = await ReadAsync(name);
        var chat = FormatOf(capture.RootElement) == "chat";
        var body = Body(capture.RootElement, BothWays.Model("any", chat));

        var (status, answer) = await SendAsync(capture.RootElement, body);

        Assert.True(status == HttpStatusCode.OK, answer);
        var sent = gateway.Simulator.Record.Last;
        var expected = RecordedCases.WithModel(body, "any");
        if (chat && sent.AsksForStream() && !Encoding.UTF8.GetString(body).Contains("include_usage", StringComparison.Ordinal))
        {
            expected = [.. "{\"stream_options\":{\"include_usage\":true},"u8, .. expected.AsSpan(1)];
        }

        Assert.True(expected.AsSpan().SequenceEqual(sent.Body), Encoding.UTF8.GetString(sent.Body!));
        Assert.Equal(capture.RootElement.Member("headers").Text("anthropic-beta"), sent.Header("anthropic-beta"));
        Assert.Equal(chat ? "chat-key" : "messages-key", sent.Credential);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task Capture_ToAProviderOfTheOtherFormat_ArrivesLegal(string name)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        using var capture = await ReadAsync(name);
        var chat = FormatOf(capture.RootElement) == "chat";
        var before = gateway.Simulator.Record.Count;

        var (status, answer) = await SendAsync(capture.RootElement, Body(capture.RootElement, BothWays.Model("any", !chat)));

        Assert.True(status == HttpStatusCode.OK, answer);
        if (IsCount(capture.RootElement))
        {
            // No Chat server counts tokens: Sluice answers by itself.
            Assert.Equal(before, gateway.Simulator.Record.Count);
            using var count = JsonDocument.Parse(answer);
            Assert.True(count.RootElement.GetProperty("input_tokens").GetInt64() > 0);
            return;
        }

        var sent = gateway.Simulator.Record.Last;
        Assert.Equal(chat ? "/v1/messages" : "/v1/chat/completions", sent.Path);
        Assert.Empty(chat ? AnthropicRequestRules.Violations(sent.Body) : ChatRequestRules.Violations(sent.Body));
        Assert.Equal(ToolNames(capture.RootElement.Member("body")), ToolNames(sent.Body!));
        Assert.DoesNotContain(sent.Headers, h => h.Key.StartsWith("x-claude", StringComparison.OrdinalIgnoreCase) || h.Key.Equals("x-app", StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsCount(JsonElement capture) => capture.Text("url")!.Contains("count_tokens", StringComparison.Ordinal);

    private static string? FormatOf(JsonElement capture) => (capture.Text("url"), capture.Member("body").ValueKind) switch
    {
        ({ } url, JsonValueKind.Object) when url.Contains("/v1/messages", StringComparison.Ordinal) => "messages",
        ({ } url, JsonValueKind.Object) when url.Contains("/chat/completions", StringComparison.Ordinal) => "chat",
        _ => null,
    };

    private static async Task<JsonDocument> ReadAsync(string name) => JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.PathOf("captures", name)));

    private static byte[] Body(JsonElement capture, string model) =>
        RecordedCases.WithModel(Encoding.UTF8.GetBytes(capture.GetProperty("body").GetRawText()), model);

    private static List<string?> ToolNames(JsonElement body) =>
        [.. body.Items("tools").Select(t => t.Member("function").Text("name") ?? t.Text("name"))];

    private static List<string?> ToolNames(byte[] body)
    {
        using var document = JsonDocument.Parse(body);
        return ToolNames(document.RootElement);
    }

    private async Task<(HttpStatusCode Status, string Answer)> SendAsync(JsonElement capture, byte[] body)
    {
        using var client = gateway.Sluice.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, capture.Text("url")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var header in capture.GetProperty("headers").EnumerateObject().Where(h => !NotSentAgain.Contains(h.Name, StringComparer.OrdinalIgnoreCase)))
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
        }

        using var response = await client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
