using System.Buffers;
using System.Text;
using System.Text.Json;

using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Hand-written requests, both ways.</summary>
public sealed class GeminiRequestTests
{
    [Fact]
    public void Members_InSnakeCase_AreTheSame()
    {
        var camel = GeminiTestKit.ReadRequest("""{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"-_8="}}]}],"generationConfig":{"maxOutputTokens":"9","stopSequences":["x"],"thinkingConfig":{"thinkingBudget":5}},"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"tools":[{"functionDeclarations":[{"name":"f"}]}]}""");
        var snake = GeminiTestKit.ReadRequest("""{"system_instruction":{"parts":{"text":"s"}},"contents":{"parts":{"inline_data":{"mime_type":"image/png","data":"-_8="}}},"generation_config":{"max_output_tokens":9,"stop_sequences":["x"],"thinking_config":{"thinking_budget":5}},"tool_config":{"function_calling_config":{"mode":"any","allowed_function_names":["f"]}},"tools":[{"function_declarations":[{"name":"f"}]}]}""");
        foreach (var request in new[] { camel, snake })
        {
            Assert.Equal("s", ((TextPart)Assert.Single(request.System)).Text);
            Assert.Equal(Role.User, request.Messages[0].Role);
            Assert.Equal(new MediaSource.Base64("image/png", "+/8="), ((ImagePart)request.Messages[0].Parts[0]).Source);
            Assert.Equal(9, request.MaxOutputTokens);
            Assert.Equal(["x"], request.StopSequences);
            Assert.Equal(5, request.Reasoning!.BudgetTokens);
            Assert.Equal(new ToolChoice(ToolChoiceMode.Named, "f"), request.ToolChoice);
            Assert.Equal("f", Assert.Single(request.Tools).Name);
            Assert.Empty(request.Extras);
        }
    }

    [Fact]
    public void CallsWithoutIds_ArePairedByNameAndOrder()
    {
        var request = GeminiTestKit.ReadRequest("""
            {"contents":[{"role":"user","parts":[{"text":"go"}]},
            {"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f","args":{"n":2}}}]},
            {"role":"function","parts":[{"functionResponse":{"name":"g","response":{"output":"G"}}},{"functionResponse":{"name":"f","response":{"output":"F1"}}},{"functionResponse":{"name":"f","response":{"error":"F2"}}}]}]}
            """);
        var calls = request.Messages[1].Parts.Cast<ToolCallPart>().ToList();
        var results = request.Messages[2].Parts.Cast<ToolResultPart>().ToList();
        Assert.Equal(3, calls.Select(c => c.Id).Distinct().Count());
        Assert.Equal([calls[1].Id, calls[0].Id, calls[2].Id], results.Select(r => r.CallId));
        Assert.True(results[2].IsError);

        // For Gemini they stand in the calls' order.
        var sent = GeminiTestKit.WriteRequest(request, "gemini-2.5-pro");
        Assert.Empty(GeminiRequestRules.Violations(sent, 2.5m));
        Assert.Equal(["F1", "G", "F2"], sent.GetProperty("contents")[2].GetProperty("parts").EnumerateArray().Select(p => p.GetProperty("functionResponse").GetProperty("response").EnumerateObject().First().Value.GetString()));
    }

    [Theory]
    [InlineData("""{"contents":[{"role":"assistant","parts":[{"text":"a"}]}]}""", "contents[0].role")]
    [InlineData("""{"contents":[]}""", "contents")]
    [InlineData("""{"generationConfig":{}}""", "contents")]
    [InlineData("""{"contents":[{"parts":[5]}]}""", "contents[0].parts[0]")]
    [InlineData("""{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"temperature":"hot"}}""", "generationConfig.temperature")]
    [InlineData("""{"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[{}]}]}""", "tools.functionDeclarations")]
    public void BrokenRequest_NamesThePlace(string body, string param)
    {
        var error = GeminiFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Error;
        Assert.Equal((ErrorKind.InvalidRequest, param), (error!.Kind, error.Param));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("")]
    public void NoRequest_IsAnErrorAndNotAnException(string body) => Assert.NotNull(GeminiFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Error);

    [Fact]
    public void OpenApiParameters_BecomeJsonSchema()
    {
        var request = GeminiTestKit.ReadRequest("""{"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true,"enum":["a"]},"l":{"type":"ARRAY","items":{"type":"INTEGER","format":"int64"},"minItems":"1"},"o":{"nullable":true,"anyOf":[{"type":"STRING"},{"type":"NUMBER"}]}},"required":["l"],"propertyOrdering":["l","type"]}}]},{"googleSearch":{}},{"code_execution":{}}]}""");
        Assert.Equal("""{"type":"object","properties":{"type":{"type":["string","null"],"enum":["a",null]},"l":{"type":"array","items":{"type":"integer","format":"int64"},"minItems":1},"o":{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}},"required":["l"]}""",
            ((FunctionTool)request.Tools[0]).Schema.ToString());
        Assert.Equal(["""googleSearch {"googleSearch":{}}""", """codeExecution {"codeExecution":{}}"""], request.Tools.OfType<VendorTool>().Select(t => t.Type + " " + t.Json));
    }

    [Theory]
    [InlineData("none", "gemini-2.5-flash", "thinkingBudget:0")]
    [InlineData("none", "gemini-2.5-pro", "thinkingBudget:128")]
    [InlineData("minimal", "gemini-2.5-flash", "includeThoughts:True thinkingBudget:512")]
    [InlineData("medium", "gemini-2.5-flash", "includeThoughts:True thinkingBudget:8192")]
    [InlineData("high", "gemini-2.5-flash", "includeThoughts:True thinkingBudget:24576")]
    [InlineData("max", "gemini-2.5-pro", "includeThoughts:True thinkingBudget:32768")]
    [InlineData("none", "gemini-3-flash-preview", "thinkingLevel:MINIMAL")]
    [InlineData("none", "gemini-3-pro-preview", "thinkingLevel:LOW")]
    [InlineData("minimal", "gemini-3-pro-preview", "includeThoughts:True thinkingLevel:LOW")]
    [InlineData("medium", "gemini-3-pro-preview", "includeThoughts:True thinkingLevel:HIGH")]
    [InlineData("medium", "gemini-3.1-pro-preview", "includeThoughts:True thinkingLevel:MEDIUM")]
    [InlineData("xhigh", "gemini-3-flash-preview", "includeThoughts:True thinkingLevel:HIGH")]
    [InlineData("high", "gemini-2.0-flash", "")]
    public void Effort_ForEachGeneration_IsWhatItTakes(string effort, string model, string expected)
    {
        var request = Conversation() with { Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = effort } };
        var config = GeminiTestKit.WriteRequest(request, model).GetProperty("generationConfig");
        Assert.Equal(expected, config.TryGetProperty("thinkingConfig", out var thinking) ? string.Join(' ', thinking.EnumerateObject().Select(m => m.Name + ":" + m.Value)) : "");
    }

    [Fact]
    public void ForeignHistory_ForGeminiThree_HasThePlaceholderOnTheFirstCallOnly()
    {
        var log = new DegradationLog();
        var request = Conversation(
            new Message(Role.Assistant, [new ThinkingPart("secret") { Signature = "CLAUDE", SignedBy = WireProtocol.AnthropicMessages }, Call("1", "f"), Call("2", "g")]),
            new Message(Role.User, [new ToolResultPart("2", [new TextPart("G")], false), new ToolResultPart("1", [new TextPart("F")], false), new TextPart("and?")]));
        var sent = GeminiTestKit.WriteRequest(request, "gemini-3-pro-preview", log);
        Assert.Empty(GeminiRequestRules.Violations(sent, 3m));
        var contents = sent.GetProperty("contents");
        Assert.Equal(["skip_thought_signature_validator", null], contents[1].GetProperty("parts").EnumerateArray().Select(p => p.TryGetProperty("thoughtSignature", out var s) ? s.GetString() : null));
        Assert.DoesNotContain("CLAUDE", sent.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sent.GetRawText(), StringComparison.Ordinal);
        Assert.Contains(log.Entries, e => e.Feature == "thinking.history");

        // The user's words follow in a content of their own: results and text in one are refused.
        Assert.Equal("and?", contents[3].GetProperty("parts")[0].GetProperty("text").GetString());
        Assert.False(GeminiTestKit.WriteRequest(request, "gemini-2.5-pro").GetProperty("contents")[1].GetProperty("parts")[0].TryGetProperty("thoughtSignature", out _));
    }

    [Fact]
    public void ImagesInResults_StandInsideForThree_AndBehindForOlderModels()
    {
        var request = Conversation(
            new Message(Role.Assistant, [Call("1", "shot")]),
            new Message(Role.User, [new ToolResultPart("1", [new TextPart("here"), new ImagePart(new MediaSource.Base64("image/png", "AAAA"))], false)]));
        var three = GeminiTestKit.WriteRequest(request, "gemini-3-pro-preview").GetProperty("contents");
        Assert.Equal(3, three.GetArrayLength());
        Assert.Equal("AAAA", three[2].GetProperty("parts")[0].GetProperty("functionResponse").GetProperty("parts")[0].GetProperty("inlineData").GetProperty("data").GetString());
        var two = GeminiTestKit.WriteRequest(request, "gemini-2.5-pro");
        Assert.Empty(GeminiRequestRules.Violations(two, 2.5m));
        Assert.Equal("AAAA", two.GetProperty("contents")[3].GetProperty("parts")[1].GetProperty("inlineData").GetProperty("data").GetString());
    }

    [Fact]
    public void WhatGeminiCannotDo_IsNamed()
    {
        var log = new DegradationLog();
        var request = Conversation() with
        {
            Tools = [new FunctionTool("1st", null, default), new FunctionTool("ok", null, default), new VendorTool("web_search_20250305", "web_search", RawJson.EmptyObject, WireProtocol.AnthropicMessages)],
            ToolChoice = new ToolChoice(ToolChoiceMode.Named, "ok"),
            ParallelToolCalls = false,
            StopSequences = ["1", "2", "3", "4", "5", "6"],
        };
        var sent = GeminiTestKit.WriteRequest(request, "gemini-2.5-pro", log);
        Assert.Empty(GeminiRequestRules.Violations(sent, 2.5m));
        Assert.Equal("""{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["ok"]}}""", sent.GetProperty("toolConfig").GetRawText());
        Assert.Equal(["tools.1st", "tools.web_search_20250305", "parallel_tool_calls", "stop_sequences"], log.Entries.Select(e => e.Feature));

        // What must be called and cannot be is no warning.
        var output = new ArrayBufferWriter<byte>();
        var refusal = GeminiFormat.Instance.WriteRequest(request with { ToolChoice = new ToolChoice(ToolChoiceMode.Named, "web_search") }, new UpstreamTarget("gemini-2.5-pro", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), output);
        Assert.Equal(400, refusal!.Status);
    }

    [Fact]
    public void Schemas_GoVerbatimToNewModels_AndConvertedToOldOnes()
    {
        const string Schema = """{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"const":"y"}},"additionalProperties":false}""";
        var request = Conversation() with { Tools = [new FunctionTool("f", "d", RawJson.FromText(Schema))] };
        Assert.Equal(Schema, GeminiTestKit.WriteRequest(request, "gemini-2.0-flash").GetProperty("tools")[0].GetProperty("functionDeclarations")[0].GetProperty("parametersJsonSchema").GetRawText());
        var log = new DegradationLog();
        Assert.Equal("""{"type":"OBJECT","properties":{"a":{"type":"STRING","enum":["y"]}}}""",
            GeminiTestKit.WriteRequest(request, "gemini-1.5-pro", log).GetProperty("tools")[0].GetProperty("functionDeclarations")[0].GetProperty("parameters").GetRawText());
        Assert.Equal(["schema.additionalProperties"], log.Entries.Select(e => e.Feature));
    }

    [Fact]
    public void Envelope_OfAGeminiBody_IsUnderstood()
    {
        const string Body = """
            {"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}},{"file_data":{"mime_type":"application/pdf","file_uri":"u"}}]},{"role":"model","parts":[{"text":"image/png"}]}],
             "system_instruction":{"parts":[{"text":"s"}]},"tools":[{"functionDeclarations":[{"name":"f"}]}],
             "generation_config":{"max_output_tokens":"77","thinkingConfig":{"thinkingLevel":"LOW"},"responseSchema":{"type":"OBJECT"}},"provider":{}}
            """;
        var envelope = EnvelopeScanner.Scan(WireProtocol.Gemini, Encoding.UTF8.GetBytes(Body)).Envelope!;
        Assert.Null(envelope.Model);
        Assert.Equal((2, 1, true, true, true, 77L), (envelope.MessageCount, envelope.ToolCount, envelope.HasImages, envelope.HasDocuments, envelope.WantsThinking, envelope.MaxOutputTokens!.Value));
        Assert.Equal(["provider"], envelope.GatewayMembers.Select(m => m.Name));
        var none = EnvelopeScanner.Scan(WireProtocol.Gemini, """{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true,"thinkingBudget":0}}}"""u8.ToArray()).Envelope!;
        Assert.Equal((false, false, false), (none.WantsThinking, none.HasImages, none.HasDocuments));
        Assert.Equal(1, EnvelopeScanner.Scan(WireProtocol.Gemini, """{"contents":{"parts":{"text":"a"}}}"""u8.ToArray()).Envelope!.MessageCount);
        Assert.Equal("contents", EnvelopeScanner.Scan(WireProtocol.Gemini, """{"contents":5}"""u8.ToArray()).Error!.Param);
    }

    [Fact]
    public void CountTokens_TakesBothShapes()
    {
        const string Inner = """{"contents":[{"parts":[{"text":"hi"}]}],"systemInstruction":{"parts":[{"text":"s"}]}}""";
        var (direct, _) = GeminiCountTokens.RequestOf(Encoding.UTF8.GetBytes(Inner));
        var (wrapped, _) = GeminiCountTokens.RequestOf(Encoding.UTF8.GetBytes("""{"generateContentRequest":""" + Inner + "}"));
        Assert.Equal([Inner, Inner], new[] { direct, wrapped }.Select(m => Encoding.UTF8.GetString(m.Span)));
        Assert.NotNull(GeminiCountTokens.RequestOf("[]"u8.ToArray()).Error);
        var output = new ArrayBufferWriter<byte>();
        GeminiCountTokens.WriteRequest(Encoding.UTF8.GetBytes(Inner), "gemini-3-pro", output);
        Assert.Equal("""{"generateContentRequest":{"model":"models/gemini-3-pro",""" + Inner[1..] + "}", Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.Equal(13, GeminiCountTokens.ReadAnswer("""{"totalTokens":13,"totalBillableCharacters":47}"""u8));
        Assert.Null(GeminiCountTokens.ReadAnswer("<html>"u8));
        output.ResetWrittenCount();
        GeminiCountTokens.WriteAnswer(5, output);
        Assert.Equal("""{"totalTokens":5}""", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Theory]
    [InlineData(400, """{"error":{"code":400,"message":"The input token count (1048604) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}""", ErrorKind.Authentication)]
    [InlineData(429, """{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x","violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]}}""", ErrorKind.QuotaExhausted)]
    [InlineData(429, """[{"error":{"code":429,"message":"Please retry in 3.5s.","status":"RESOURCE_EXHAUSTED"}}]""", ErrorKind.RateLimit)]
    [InlineData(502, "<html><title>Bad gateway</title></html>", ErrorKind.UpstreamError)]
    [InlineData(500, "", ErrorKind.UpstreamError)]
    public void Error_IsClassedByItsWords(int status, string body, ErrorKind kind)
    {
        var error = GeminiFormat.Instance.ReadError(status, Encoding.UTF8.GetBytes(body));
        Assert.Equal(kind, error.Kind);
        if (kind == ErrorKind.ContextLength)
        {
            Assert.Equal((1048604L, 1048575L), error.ContextTokens);
        }

        if (kind == ErrorKind.RateLimit)
        {
            Assert.Equal(3.5, error.RetryAfter!.Value.TotalSeconds);
        }
    }

    [Fact]
    public void WrittenError_SaysTheSameInNumberAndWord_AndWhenToComeBack()
    {
        var output = new ArrayBufferWriter<byte>();
        GeminiFormat.Instance.WriteStreamError(new GatewayError(ErrorKind.RateLimit, ErrorSource.Provider, 429, "slow \"down\"") { RetryAfter = TimeSpan.FromSeconds(2.2), Param = "contents" }, output);
        var text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.StartsWith("data: ", text);
        var lines = text.Split("\r\n");

        // Google's JavaScript SDK only notices what stands bare behind the events.
        Assert.Equal([lines[0], "", lines[0]["data: ".Length..], ""], lines);
        var error = GeminiTestKit.Parse(lines[2]).GetProperty("error");
        Assert.Equal((429, "RESOURCE_EXHAUSTED", "slow \"down\""), (error.GetProperty("code").GetInt32(), error.GetProperty("status").GetString(), error.GetProperty("message").GetString()));
        Assert.Contains(error.GetProperty("details").EnumerateArray(), d => d.TryGetProperty("retryDelay", out var delay) && delay.GetString() == "3s");
        Assert.Null(GeminiTestKit.Grammar(output.WrittenSpan.ToArray()));
    }

    private static ToolCallPart Call(string id, string name) => new(id, name, RawJson.EmptyObject);

    private static ConversationRequest Conversation(params Message[] more) => new()
    {
        From = WireProtocol.AnthropicMessages,
        Model = "x",
        Messages = [new Message(Role.User, [new TextPart("go")]), .. more],
    };
}
