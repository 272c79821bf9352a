namespace Sluice.Protocols.Tests.Support;

/// <summary>What Gemini clients can ask for. Model and streaming are in the path, not here.</summary>
internal static class GeminiRequests
{
    private const string Tools = """[{"functionDeclarations":[{"name":"get_weather","description":"Weather of a city.","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}}]}]""";

    private const string Call = """{"role":"user","parts":[{"text":"Weather in Rome?"}]},{"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{"city":"Rome"}}}]}""";

    private const string Signed = """
        {"contents":[{"role":"user","parts":[{"text":"Hello."}]},
         {"role":"model","parts":[{"text":"A greeting.","thought":true,"thoughtSignature":"@SIGNATURE@"},{"text":"Hello!"}]},
         {"role":"user","parts":[{"text":"And now?"}]}]}
        """;

    public static readonly ClientRequests All = new(
        """{"contents":[{"role":"user","parts":[{"text":"Hello."}]}]}""",
        new Dictionary<string, string>
        {
            ["system text"] = """{"systemInstruction":{"parts":[{"text":"Rule one."}]}}""",
            ["several system blocks"] = """{"systemInstruction":{"parts":[{"text":"Rule one."},{"text":"Rule two."}]}}""",
            ["image, inline"] = Content("""{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}"""),
            ["image, by address"] = Content("""{"fileData":{"mimeType":"image/png","fileUri":"https://img.example/cat.png"}}"""),
            ["PDF, inline"] = Content("""{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjQK"}}"""),
            ["PDF, by address"] = Content("""{"fileData":{"mimeType":"application/pdf","fileUri":"https://files.example/doc.pdf"}}"""),
            ["plain-text document"] = Content("""{"inlineData":{"mimeType":"text/plain","data":"UGxhaW4gZmFjdHMu"}}"""),
            ["sound"] = Content("""{"inlineData":{"mimeType":"audio/wav","data":"UklGRg=="}}"""),
            ["tools"] = $$$$"""{"tools":{{{{Tools}}}}}""",
            ["tool without arguments"] = """
                {"tools":[{"functionDeclarations":[{"name":"ping"}]}],
                 "contents":[{"role":"user","parts":[{"text":"Ping."}]},{"role":"model","parts":[{"functionCall":{"name":"ping"}}]},{"role":"user","parts":[{"functionResponse":{"name":"ping","response":{}}}]}]}
                """,
            ["a tool must be called"] = $$$$"""{"tools":{{{{Tools}}}},"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}""",
            ["forced tool"] = $$$$"""{"tools":{{{{Tools}}}},"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["get_weather"]}}}""",
            ["no tool may be called"] = $$$$"""{"tools":{{{{Tools}}}},"toolConfig":{"functionCallingConfig":{"mode":"NONE"}}}""",
            ["parallel calls and their results"] = $$$$"""
                {"tools":{{{{Tools}}}},
                 "contents":[{"role":"user","parts":[{"text":"Rome and Oslo?"}]},
                  {"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{"city":"Rome"}}},{"functionCall":{"name":"get_weather","args":{"city":"Oslo"}}}]},
                  {"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"output":"18 degrees"}}},{"functionResponse":{"name":"get_weather","response":{"output":"9 degrees"}}}]}]}
                """,
            ["tool result, error"] = Result("""{"functionResponse":{"name":"get_weather","response":{"error":"no such city"}}}"""),
            ["tool result with image"] = Result("""{"functionResponse":{"name":"get_weather","response":{},"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}}"""),
            ["web search, no other tool"] = """{"tools":[{"googleSearch":{}}]}""",
            ["web search"] = """{"tools":[{"functionDeclarations":[{"name":"get_weather"}]},{"googleSearch":{}}]}""",
            ["code execution, no other tool"] = """{"tools":[{"codeExecution":{}}]}""",
            ["thinking budget"] = """{"generationConfig":{"thinkingConfig":{"thinkingBudget":4096}}}""",
            ["thinking, amount left to the model"] = """{"generationConfig":{"thinkingConfig":{"thinkingBudget":-1}}}""",
            ["thinking effort"] = """{"generationConfig":{"thinkingConfig":{"thinkingLevel":"high"}}}""",
            ["thinking off"] = """{"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}""",
            ["thinking of the upstream's own model replayed"] = Signed,
            ["thinking of another vendor's model replayed"] = Signed,
            ["stop sequences"] = """{"generationConfig":{"stopSequences":["HALT"]}}""",
            ["temperature"] = """{"generationConfig":{"temperature":0.25}}""",
            ["temperature over 1"] = """{"generationConfig":{"temperature":1.5}}""",
            ["top_p"] = """{"generationConfig":{"topP":0.5}}""",
            ["top_k"] = """{"generationConfig":{"topK":7}}""",
            ["seed"] = """{"generationConfig":{"seed":11}}""",
            ["frequency penalty"] = """{"generationConfig":{"frequencyPenalty":0.5}}""",
            ["presence penalty"] = """{"generationConfig":{"presencePenalty":0.5}}""",
            ["answer by a JSON schema"] = """{"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}""",
            ["answer as any JSON object"] = """{"generationConfig":{"responseMimeType":"application/json"}}""",
            ["output limit"] = """{"generationConfig":{"maxOutputTokens":123}}""",
            ["service tier"] = """{"serviceTier":"flex"}""",
            ["log probabilities"] = """{"generationConfig":{"responseLogprobs":true,"logprobs":2}}""",
            ["several answers"] = """{"generationConfig":{"candidateCount":2}}""",
            ["unknown member"] = """{"futureMember":"fm-1"}""",
            ["unknown content block"] = Content("""{"futurePart":{"data":"fb-1"}}"""),
        });

    private static string Content(string part) => $$$$"""{"contents":[{"role":"user","parts":[{{{{part}}}},{"text":"Look."}]}]}""";

    private static string Result(string part) => $$$$"""{"tools":{{{{Tools}}}},"contents":[{{{{Call}}}},{"role":"user","parts":[{{{{part}}}}]}]}""";
}
