using System.Net;

namespace Sluice.Simulator.Tests;

/// <summary>OpenClaw ends each request with a message of its own making: the person's words and the tool's result before it still count.</summary>
public sealed class AddedContextTests : IAsyncLifetime
{
    private const string Added = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\\nnothing runs\\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";

    private SimulatorHost _host = null!;

    public static TheoryData<string, string, string> Conversations => new()
    {
        {
            "/v1/chat/completions",
            """{"model":"any","messages":[{"role":"user","content":"open a.txt"}RESULT,{"role":"user","content":[{"type":"text","text":"ADDED"}]}],"tools":[{"type":"function","function":{"name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}}]}""",
            """,{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"read","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"RED-98"}"""
        },
        {
            "/v1/responses",
            """{"model":"any","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"open a.txt"}]}RESULT,{"type":"message","role":"user","content":[{"type":"input_text","text":"ADDED"}]}],"tools":[{"type":"function","name":"read","parameters":{"type":"object","properties":{"path":{"type":"string"}}}}]}""",
            """,{"type":"function_call","call_id":"c1","name":"read","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"RED-98"}"""
        },
        {
            "/v1/messages",
            """{"model":"any","max_tokens":100,"messages":[{"role":"user","content":"open a.txt"}RESULT,{"role":"user","content":[{"type":"text","text":"ADDED"}]}],"tools":[{"name":"read","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}}]}""",
            """,{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"read","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"RED-98"}]}"""
        },
        {
            "/v1beta/models/any:generateContent",
            """{"contents":[{"role":"user","parts":[{"text":"open a.txt"}]}RESULT,{"role":"user","parts":[{"text":"ADDED"}]}],"tools":[{"functionDeclarations":[{"name":"read","parametersJsonSchema":{"type":"object","properties":{"path":{"type":"string"}}}}]}]}""",
            """,{"role":"model","parts":[{"functionCall":{"name":"read","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"read","response":{"output":"RED-98"}}}]}"""
        },
    };

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [MemberData(nameof(Conversations))]
    public async Task AddedContext_AtTheEnd_HidesNeitherTheTaskNorTheResult(string path, string body, string result)
    {
        var first = await AnswerAsync(path, Conversation(body, ""));
        var second = await AnswerAsync(path, Conversation(body, result));

        Assert.Contains("a.txt", first, StringComparison.Ordinal);
        Assert.DoesNotContain("Simulated answer", first, StringComparison.Ordinal);
        Assert.Contains("The tool said: RED-98", second, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing runs", second, StringComparison.Ordinal);
    }

    private static string Conversation(string body, string result) =>
        body.Replace("RESULT", result, StringComparison.Ordinal).Replace("ADDED", Added, StringComparison.Ordinal);

    private async Task<string> AnswerAsync(string path, string body)
    {
        using var answer = await Caller.PostAsync(_host, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return text;
    }
}
