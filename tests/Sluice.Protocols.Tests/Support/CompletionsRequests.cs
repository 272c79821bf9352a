namespace Sluice.Protocols.Tests.Support;

/// <summary>What clients of the old completions can ask for: one prompt, and how it is answered.</summary>
internal static class CompletionsRequests
{
    public static readonly ClientRequests All = new(
        """{"model":"m","prompt":"Hello.","max_tokens":8192}""",
        new Dictionary<string, string>
        {
            ["stop sequences"] = """{"stop":["HALT"]}""",
            ["temperature"] = """{"temperature":0.25}""",
            ["temperature over 1"] = """{"temperature":1.5}""",
            ["top_p"] = """{"top_p":0.5}""",
            ["top_k"] = """{"top_k":7}""",
            ["seed"] = """{"seed":11}""",
            ["frequency penalty"] = """{"frequency_penalty":0.5}""",
            ["presence penalty"] = """{"presence_penalty":0.5}""",
            ["output limit"] = """{"max_tokens":123}""",
            ["end user's id"] = """{"user":"user-77"}""",
            ["log probabilities"] = """{"logprobs":2}""",
            ["unknown member"] = """{"future_member":"fm-1"}""",
            ["stream with usage"] = """{"stream":true,"stream_options":{"include_usage":true}}""",
        });
}
