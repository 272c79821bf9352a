namespace Sluice.Simulator.Tests;

/// <summary>One request in each wire format, for what must hold in all of them.</summary>
/// <param name="Name">For the test's name.</param>
/// <param name="Path">Path and query.</param>
/// <param name="Body">Asks the echo model for <see cref="Text"/>.</param>
/// <param name="Streams">A stream is asked for.</param>
/// <param name="Content">A piece of the text as it stands on the wire, far enough inside the answer.</param>
public sealed record WireCase(string Name, string Path, string Body, bool Streams, string Content)
{
    public const string Text = "one two three four five";

    public const string Headers = "Authorization: Bearer key\r\nx-amz-date: 20260101T000000Z\r\n";

    public static IReadOnlyList<WireCase> All { get; } = [.. Make(stream: true), .. Make(stream: false)];

    public static WireCase Of(string name) => All.Single(c => c.Name == name);

    public override string ToString() => Name;

    private static IEnumerable<WireCase> Make(bool stream)
    {
        var (flag, kind) = (stream ? "true" : "false", stream ? " stream" : " whole");
        const string Gemini = $$"""{"contents":[{"role":"user","parts":[{"text":"{{Text}}"}]}]}""";
        const string Converse = $$"""{"messages":[{"role":"user","content":[{"text":"{{Text}}"}]}]}""";
        const string Claude = $$"""
            "max_tokens":100,"messages":[{"role":"user","content":"{{Text}}"}]}
            """;
        var chat = $$"""{"model":"sim/echo","stream":{{flag}},"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"{{Text}}"}]}""";
        var content = stream ? "two" : Text;
        yield return new("anthropic" + kind, "/v1/messages", $$"""{"model":"sim/echo","stream":{{flag}},""" + Claude, stream, content);
        yield return new("chat" + kind, "/v1/chat/completions", chat, stream, content);
        yield return new("azure chat" + kind, "/openai/deployments/echo/chat/completions?api-version=2024-10-21", chat.Replace("sim/echo", "echo", StringComparison.Ordinal), stream, content);
        yield return new("completions" + kind, "/v1/completions", $$"""{"model":"sim/echo","stream":{{flag}},"stream_options":{"include_usage":true},"prompt":"{{Text}}"}""", stream, content);
        yield return new("responses" + kind, "/v1/responses", $$"""{"model":"sim/echo","stream":{{flag}},"input":"{{Text}}"}""", stream, content);
        yield return new("gemini" + kind, "/v1beta/models/sim/echo:" + (stream ? "streamGenerateContent?alt=sse" : "generateContent"), Gemini, stream, content);
        yield return new("converse" + kind, "/model/sim%2Fecho/converse" + (stream ? "-stream" : ""), Converse, stream, content);
        yield return new("vertex claude" + kind, "/v1/projects/p/locations/l/publishers/anthropic/models/sim/echo:" + (stream ? "streamRawPredict" : "rawPredict"), """{"anthropic_version":"vertex-2023-10-16",""" + Claude, stream, content);

        // Inside the frames the events are base64: the letters of "chunk" stand for content there.
        yield return new("invoke" + kind, "/model/sim%2Fecho/invoke" + (stream ? "-with-response-stream" : ""), """{"anthropic_version":"bedrock-2023-05-31",""" + Claude, stream, stream ? "chunk" : content);
        if (stream)
        {
            yield return new("gemini array", "/v1beta/models/sim/echo:streamGenerateContent", Gemini, true, content);
        }
    }
}
