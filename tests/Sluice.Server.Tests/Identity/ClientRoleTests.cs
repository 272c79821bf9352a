using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Identity;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Identity;
using Sluice.Testing;

namespace Sluice.Server.Tests.Identity;

/// <summary>What a call is for inside its agent, by what agents really send.</summary>
public sealed class ClientRoleTests
{
    private const string ClaudeCode = "user-agent: claude-cli/2.1.328 (external, cli)\nx-claude-code-session-id: s1";
    private const string Codex = "user-agent: codex_exec/0.169.0 (Debian 12.0.0; x86_64)\nsession-id: s1";
    private const string GeminiCli = "user-agent: GeminiCLI-tui/0.61.0/gemini-3.1-pro-preview (linux; x64; terminal)";
    private const string OpenCode = "user-agent: opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14";

    private const string Turn = """{"model":"m","stream":true,"max_tokens":32000,"tools":[{"name":"read","input_schema":{}}],"messages":[{"role":"user","content":"go"}]}""";
    private const string Title = """{"model":"m","stream":true,"max_tokens":32000,"tools":[],"thinking":{"type":"disabled"},"output_config":{"format":{"type":"json_schema","schema":{}}},"messages":[{"role":"user","content":"name this"}]}""";
    private const string Thought = """{"model":"m","stream":true,"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"go"}]}""";
    private const string LongWithoutTools = """{"model":"m","messages":[{"role":"user","content":"1"},{"role":"assistant","content":"2"},{"role":"user","content":"3"},{"role":"assistant","content":"4"},{"role":"user","content":"summarise"}]}""";

    [Theory]
    [InlineData(ClaudeCode, Turn, "main")]
    [InlineData(ClaudeCode, Title, "background")]
    [InlineData(ClaudeCode, Thought, null)]
    [InlineData(ClaudeCode, LongWithoutTools, null)]
    [InlineData(ClaudeCode + "\nx-claude-code-agent-id: a1", Turn, "subagent")]
    [InlineData(ClaudeCode + "\nx-claude-code-agent-id: a1\nx-claude-code-request-class: main", Turn, "main")]
    [InlineData(ClaudeCode + "\nx-claude-code-request-class: subagent", Turn, "subagent")]
    [InlineData(ClaudeCode + "\nx-claude-code-request-class: workflow", Turn, "subagent")]
    [InlineData(ClaudeCode + "\nx-claude-code-request-class: auxiliary", Turn, "background")]
    [InlineData(ClaudeCode + "\nx-claude-code-request-class: compaction", Title, "main")]
    [InlineData(ClaudeCode + "\nx-claude-code-request-class: of-tomorrow", Title, "background")]
    [InlineData(ClaudeCode + "\nx-sluice-priority: background", Turn, "background")]
    [InlineData(ClaudeCode + "\nx-sluice-priority: interactive", Turn, "main")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"agent_name\":\"/root\",\"request_kind\":\"turn\"}", Turn, "main")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"agent_name\":\"/root\",\"request_kind\":\"compaction\"}", Title, "main")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"agent_name\":\"/root\",\"request_kind\":\"prewarm\"}", Turn, "background")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"agent_name\":\"/root/search\",\"request_kind\":\"turn\"}", Turn, "subagent")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"inner\":{\"agent_name\":\"/other\"},\"request_kind\":\"turn\"}", Turn, "main")]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"agent_name\":7,\"request_kind\":{}}", Turn, null)]
    [InlineData(Codex + "\nx-codex-turn-metadata: {\"request_kind\":\"turn", Turn, null)]
    [InlineData(Codex + "\nx-codex-turn-metadata: no json", Turn, null)]
    [InlineData(Codex, Turn, null)]
    [InlineData(Codex + "\nx-openai-subagent: review", Turn, "subagent")]
    [InlineData(Codex + "\nx-openai-subagent: compact", Turn, "main")]
    [InlineData(Codex + "\nx-openai-subagent: memory_consolidation", Turn, "background")]
    [InlineData(Codex + "\nx-codex-parent-thread-id: t1", Turn, "subagent")]
    [InlineData(OpenCode, Turn, "main")]
    [InlineData(OpenCode, """{"model":"m","stream":true,"messages":[{"role":"system","content":"a title"},{"role":"user","content":"go"}]}""", "background")]
    [InlineData("user-agent: OpenAI/JS 7.15.0", Turn, null)]
    [InlineData("user-agent: curl/8.0", Title, null)]
    [InlineData("user-agent: curl/8.0\nx-sluice-priority: background", Title, "background")]
    public void Role_OfHandWrittenRequests_IsTold(string headers, string body, string? role) =>
        Assert.Equal(role, Role(Headers(headers), WireProtocol.AnthropicMessages, body, streamByPath: null, SurfaceOperation.Generate));

    [Theory]
    [InlineData(false, """{"contents":[{"role":"user","parts":[{"text":"how hard?"}]}],"generationConfig":{"responseMimeType":"application/json"}}""", "background")]
    [InlineData(true, """{"contents":[{"role":"user","parts":[{"text":"go"}]}],"tools":[{"functionDeclarations":[{"name":"read"}]}]}""", "main")]
    [InlineData(true, """{"contents":[{"role":"user","parts":[{"text":"go"}]}]}""", null)]
    public void Role_OfGeminiCli_RouterIsBackground(bool stream, string body, string? role) =>
        Assert.Equal(role, Role(Headers(GeminiCli), WireProtocol.Gemini, body, stream, SurfaceOperation.Generate));

    // A count without tools looks like a title.
    [Fact]
    public void Role_OfACountOfTokens_IsOnlyWhatAHeaderSays()
    {
        Assert.Null(Role(Headers(ClaudeCode), WireProtocol.AnthropicMessages, Title, streamByPath: null, SurfaceOperation.CountTokens));
        Assert.Equal("subagent", Role(Headers(ClaudeCode + "\nx-claude-code-agent-id: a1"), WireProtocol.AnthropicMessages, Title, streamByPath: null, SurfaceOperation.CountTokens));
    }

    [Theory]
    [InlineData("x-stainless-retry-count: 0", false)]
    [InlineData("x-stainless-retry-count: 2", true)]
    [InlineData("x-stainless-retry-count: -1", false)]
    [InlineData("x-stainless-retry-count: many", false)]
    [InlineData("x-goog-api-client: gl-node/24.0 gccl/7.1 gccl-attempt-count/1", false)]
    [InlineData("x-goog-api-client: gl-node/24.0 gccl-attempt-count/2 gccl/7.1", true)]
    [InlineData("x-goog-api-client: google-genai-sdk/1.30.0 gl-node/v24.21.0", false)]
    public void F33_ClientsOwnRetry_IsReadFromItsHeaders(string headers, bool isRepeat) =>
        Assert.Equal(isRepeat, ClientRepeat.IsSaid(Headers(headers)));

    [Theory]
    [InlineData("x-stainless-timeout: 600", 600.0)]
    [InlineData("x-stainless-timeout: 0.5", 0.5)]
    [InlineData("x-server-timeout: 30", 30.0)]
    [InlineData("x-stainless-timeout: 99999999999999", 86_400.0)]
    [InlineData("x-stainless-timeout: 0", null)]
    [InlineData("x-stainless-timeout: never", null)]
    [InlineData("accept: */*", null)]
    public void F33_ClientsPatience_IsReadFromItsHeaders(string headers, double? seconds) =>
        Assert.Equal(seconds, ClientRepeat.Patience(Headers(headers))?.TotalSeconds);

    // Which captured calls are what, by hand: the third to eighth call of the runs with agents are theirs; the terminal's first is the title.
    [Theory]
    [InlineData("claude-code", 60)]
    [InlineData("claude-interactive", 8)]
    [InlineData("codex", 25)]
    [InlineData("gemini-cli", 15)]
    public void Role_OfCapturedRequests_IsTold(string client, int least)
    {
        var captures = SharedData.Captures(client);
        if (captures.Count == 0)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        var told = 0;
        foreach (var path in captures)
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var capture = document.RootElement;
            if (!capture.TryGetProperty("body", out var body) || body.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            var name = Path.GetFileName(path);
            var number = int.Parse(name.Split('.')[1].Split('-')[0], System.Globalization.CultureInfo.InvariantCulture);
            var expected = name switch
            {
                _ when name.Contains("-count.", StringComparison.Ordinal) => null,
                _ when name.StartsWith("x-agent.", StringComparison.Ordinal) || name.StartsWith("x-hints.", StringComparison.Ordinal) => number is >= 3 and <= 8 ? "subagent" : "main",
                "base.002-anthropic.json" or "discovery.003-anthropic.json" when client == "claude-interactive" => "background",
                _ when client == "gemini-cli" && name.EndsWith(".001-gemini.json", StringComparison.Ordinal) => "background",
                _ => "main",
            };
            var headers = new HeaderDictionary();
            foreach (var header in capture.GetProperty("headers").EnumerateObject())
            {
                headers[header.Name] = header.Value.ToString();
            }

            var url = capture.GetProperty("url").GetString()!;
            var isGemini = url.Contains("enerateContent", StringComparison.Ordinal);
            var wire = isGemini ? WireProtocol.Gemini : url.Contains("/responses", StringComparison.Ordinal) ? WireProtocol.OpenAIResponses : WireProtocol.AnthropicMessages;
            var role = Role(headers, wire, body.GetRawText(), isGemini ? url.Contains(":stream", StringComparison.Ordinal) : null,
                url.Contains("count_tokens", StringComparison.Ordinal) ? SurfaceOperation.CountTokens : SurfaceOperation.Generate);

            Assert.True(expected == role, $"{client}/{name}: {role ?? "none"}, not {expected ?? "none"}");
            told += role is null ? 0 : 1;
        }

        Assert.True(told >= least, $"{told} of {captures.Count}");
    }

    private static string? Role(IHeaderDictionary headers, WireProtocol wire, string body, bool? streamByPath, SurfaceOperation operation)
    {
        var (envelope, error) = EnvelopeScanner.Scan(wire, System.Text.Encoding.UTF8.GetBytes(body));
        Assert.Null(error);
        if (streamByPath is { } stream)
        {
            envelope = envelope! with { Model = "m", Stream = stream };
        }

        var http = new DefaultHttpContext();
        foreach (var (name, value) in headers)
        {
            http.Request.Headers[name] = value;
        }

        return ClientFacts.Read(http.Request, new Caller("k1", "dev1", Team: null, Project: null), envelope, operation).Role;
    }

    private static HeaderDictionary Headers(string lines)
    {
        var headers = new HeaderDictionary();
        foreach (var line in lines.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return headers;
    }
}
