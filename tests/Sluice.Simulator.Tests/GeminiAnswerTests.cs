using System.Net;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class GeminiAnswerTests : IAsyncLifetime
{
    private const string Stream = "/v1beta/models/sim/echo:streamGenerateContent";
    private const string Look = """{"name":"look","parameters":{"type":"OBJECT","properties":{"q":{"type":"STRING"}},"required":["q"]}}""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/v1beta/models/sim/echo:generateContent", "sim/echo")]
    [InlineData("/v1/models/sim%2Fecho:generateContent", "sim/echo")]
    [InlineData("/v1/projects/p/locations/us-central1/publishers/google/models/sim/echo:generateContent", "sim/echo")]
    [InlineData("/v1beta1/publishers/google/models/echo:generateContent", "echo")]
    public async Task Echo_OnEveryPath_RepeatsTheTextAndAddsUp(string path, string model)
    {
        var answer = await Caller.JsonAsync(_host, path, Body("""{"text":"nonce-1 \"x\""}"""));
        Assert.Equal(model, _host.Record.Last.Model);
        Assert.Equal("""{"parts":[{"text":"nonce-1 \"x\""},{"text":""}],"role":"model"}""", answer.GetProperty("candidates")[0].GetProperty("content").GetRawText());
        Assert.Equal("STOP", answer.GetProperty("candidates")[0].GetProperty("finishReason").GetString());
        var usage = answer.GetProperty("usageMetadata");
        Assert.Equal(3, usage.GetProperty("candidatesTokenCount").GetInt32());
        Assert.Equal(usage.GetProperty("promptTokenCount").GetInt32() + 3, usage.GetProperty("totalTokenCount").GetInt32());
        Assert.Equal(model, answer.GetProperty("modelVersion").GetString());
    }

    [Fact]
    public async Task Echo_AsEvents_AreCrlfDataLinesAndNothingElse()
    {
        using var answer = await Caller.PostAsync(_host, Stream + "?alt=sse", Body("""{"text":"one two"}"""));
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.ToString());
        var text = await answer.Content.ReadAsStringAsync();
        Assert.EndsWith("}\r\n\r\n", text, StringComparison.Ordinal);
        var chunks = Chunks(text);
        Assert.Equal(["one", " two", ""], chunks.Select(c => c.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts")[0].GetProperty("text").GetString()));
        Assert.Equal([false, false, true], chunks.Select(c => c.GetProperty("candidates")[0].TryGetProperty("finishReason", out _)));
        Assert.Equal(2, chunks[^1].GetProperty("usageMetadata").GetProperty("candidatesTokenCount").GetInt32());
    }

    [Fact]
    public async Task Echo_WithoutAltSse_IsOneJsonArray()
    {
        using var answer = await Caller.PostAsync(_host, Stream, Body("""{"text":"one two"}"""));
        Assert.Equal("application/json; charset=UTF-8", answer.Content.Headers.ContentType!.ToString());
        var text = await answer.Content.ReadAsStringAsync();
        Assert.StartsWith("[{", text, StringComparison.Ordinal);
        Assert.Contains("}\n,\r\n{", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n]", text, StringComparison.Ordinal);
        var chunks = JsonDocument.Parse(text).RootElement;
        Assert.Equal(3, chunks.GetArrayLength());
        Assert.Equal("STOP", chunks[2].GetProperty("candidates")[0].GetProperty("finishReason").GetString());
    }

    [Fact]
    public async Task Think_WithThoughts_MarksThemAndCountsThemApart()
    {
        const string Think = "/v1beta/models/sim/think:generateContent";
        var answer = await Caller.JsonAsync(_host, Think, Body("""{"text":"why"}""", ""","generationConfig":{"thinkingConfig":{"includeThoughts":true}}"""));
        var parts = answer.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts");
        Assert.Equal("""{"text":"Thinking about: why","thought":true}""", parts[0].GetRawText());
        Assert.True(parts[2].GetProperty("thoughtSignature").GetString()!.Length > 20);
        var usage = answer.GetProperty("usageMetadata");
        Assert.Equal(5, usage.GetProperty("thoughtsTokenCount").GetInt32());
        Assert.Equal(usage.GetProperty("totalTokenCount").GetInt32(),
            usage.GetProperty("promptTokenCount").GetInt32() + usage.GetProperty("candidatesTokenCount").GetInt32() + 5);

        var quiet = await Caller.JsonAsync(_host, Think, Body("""{"text":"why"}"""));
        Assert.DoesNotContain("thought\":true", quiet.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ParallelCalls_OfGemini3_AreSignedOnTheFirstOnly()
    {
        using var answer = await Caller.PostAsync(_host, "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse", Body("""{"text":"parallel 2"}""", $$""","tools":[{"functionDeclarations":[{{Look}}]}]"""));
        var chunks = Chunks(await answer.Content.ReadAsStringAsync());
        Assert.Equal(3, chunks.Count);
        var parts = chunks.Take(2).Select(c => Assert.Single(c.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts").EnumerateArray())).ToList();
        Assert.Equal(["look", "look"], parts.Select(p => p.GetProperty("functionCall").GetProperty("name").GetString()));
        Assert.Equal("""{"q":"parallel 2"}""", parts[0].GetProperty("functionCall").GetProperty("args").GetRawText());
        Assert.Equal([true, false], parts.Select(p => p.TryGetProperty("thoughtSignature", out _)));
        Assert.Equal(2, parts.Select(p => p.GetProperty("functionCall").GetProperty("id").GetString()).Distinct().Count());
        Assert.Equal("STOP", chunks[^1].GetProperty("candidates")[0].GetProperty("finishReason").GetString());
    }

    [Fact]
    public async Task Text_OfGemini3_EndsWithASignedEmptyPartThatIsTakenBack()
    {
        const string Path = "/v1beta/models/gemini-3-pro:generateContent";
        var answer = await Caller.JsonAsync(_host, Path, Body("""{"text":"x"}"""));
        var content = answer.GetProperty("candidates")[0].GetProperty("content");
        Assert.Equal("", content.GetProperty("parts")[1].GetProperty("text").GetString());
        var signature = content.GetProperty("parts")[1].GetProperty("thoughtSignature").GetString()!;
        var next = $$"""{"contents":[{"role":"user","parts":[{"text":"x"}]},{{content.GetRawText()}},{"role":"user","parts":[{"text":"y"}]}]}""";
        await Caller.JsonAsync(_host, Path, next);
        await RefusedAsync(Path, next.Replace(signature, "QUJD" + signature[4..], StringComparison.Ordinal), "Thought signature is not valid.");

        await using var other = await SimulatorHost.StartAsync(new SimulatorOptions { Seed = 2 });
        using var foreign = await Caller.PostAsync(other, Path, next);
        Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
    }

    [Theory]
    [InlineData("gemini-3-pro", "", true)]
    [InlineData("gemini-2.5-pro", "", false)]
    [InlineData("gemini-3-pro", ""","thoughtSignature":"skip_thought_signature_validator" """, false)]
    public async Task CallInTheCurrentTurn_WithoutSignature_IsRefusedByGemini3(string model, string signature, bool refused)
    {
        var body = $$$$"""{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"look","args":{}}{{{{signature}}}}},{"functionCall":{"name":"look"}}]},{"role":"user","parts":[{"functionResponse":{"name":"look","response":{"output":"RED-98"}}},{"functionResponse":{"name":"look","response":{"output":"b"}}}]}],"tools":[{"functionDeclarations":[{{{{Look}}}}]}]}""";
        if (refused)
        {
            await RefusedAsync($"/v1beta/models/{model}:generateContent", body, "Function call is missing a thought_signature in functionCall parts.");
            return;
        }

        var answer = await Caller.JsonAsync(_host, $"/v1beta/models/{model}:generateContent", body);
        Assert.Contains("RED-98", answer.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallOfAnEarlierTurn_WithoutSignature_IsTaken()
    {
        var answer = await Caller.JsonAsync(_host, "/v1beta/models/gemini-3-pro:generateContent", """
            {"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"look"}}]},{"role":"user","parts":[{"functionResponse":{"name":"look","response":{}}}]},
            {"role":"model","parts":[{"text":"done"}]},{"role":"user","parts":[{"text":"next"}]}]}
            """);
        Assert.Contains("next", answer.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"contents":[]}""", "contents is not specified")]
    [InlineData("""{"messages":[],"contents":[{"parts":[{"text":"x"}]}]}""", "Unknown name \"messages\": Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"max_tokens":5}}""", "Unknown name \"max_tokens\" at 'generation_config': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"temperature":3}}""", "temperature")]
    [InlineData("""{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}""", "Please use a valid role: user, model.")]
    [InlineData("""{"contents":[{"role":"user","parts":[]}]}""", "contents[0].parts: contents.parts must not be empty.")]
    [InlineData("""{"contents":[{"role":"user","parts":[{}]}]}""", "required oneof field 'data' must have one initialized field")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"a","args":"{}"}}]}]}""", "Invalid value at 'contents[1].parts[0].function_call.args'")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}},{"functionCall":{"name":"a"}}]},{"role":"user","parts":[{"functionResponse":{"name":"a","response":{}}}]}]}""", "number of function response parts is equal to the number of function call parts")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"a","response":{}}}]}]}""", "number of function response parts")]
    [InlineData("""{"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"text":"y"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}}]}]}""", "function call turn comes immediately after a user turn")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"9x"}]}]}""", "Invalid function name.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":"object","$schema":"u"}}]}]}""", "Unknown name \"$schema\" at 'tools[0].function_declarations[0].parameters': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":"object","properties":{"p":{"type":"array","items":{"additionalProperties":false}}}}}]}]}""", "Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters.properties[0].value.items': Cannot find field.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":["string","null"]}}]}]}""", "Proto field is not repeating, cannot start list.")]
    [InlineData("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"responseSchema":{"oneOf":[]}}}""", "Unknown name \"oneOf\" at 'generation_config.response_schema'")]
    public Task Request_ThatGoogleRefuses_GetsItsWording(string body, string wording) => RefusedAsync("/v1beta/models/m:generateContent", body, wording);

    [Fact]
    public async Task JsonSchema_InParametersJsonSchema_MayHoldAnything()
    {
        var answer = await Caller.JsonAsync(_host, "/v1beta/models/sim/tools:generateContent", Body("""{"text":"go"}""",
            ""","tools":[{"functionDeclarations":[{"name":"a","parametersJsonSchema":{"$schema":"u","type":"object","properties":{"n":{"const":5}},"additionalProperties":false}}]}]"""));
        Assert.Equal("""{"n":5}""", answer.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts")[0].GetProperty("functionCall").GetProperty("args").GetRawText());
    }

    [Fact]
    public async Task CountTokens_TakesBothFormsOfTheRequest()
    {
        var plain = await Caller.JsonAsync(_host, "/v1beta/models/m:countTokens", Body("""{"text":"x"}"""));
        var wrapped = await Caller.JsonAsync(_host, "/v1beta/models/m:countTokens", $$"""{"generateContentRequest":{{Body("""{"text":"x"}""")}}}""");
        Assert.True(plain.GetProperty("totalTokens").GetInt32() > 0);
        Assert.Equal(plain.GetRawText(), wrapped.GetRawText());
    }

    [Fact]
    public async Task Keys_ComeByHeaderOrQuery_AndBadOnesAreRefusedAsGoogleDoes()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { AcceptedCredentials = ["good"] });
        const string Path = "/v1beta/models/m:generateContent";
        using var query = await Caller.PostAsync(host, Path + "?key=good", Body("""{"text":"x"}"""));
        Assert.Equal(HttpStatusCode.OK, query.StatusCode);
        Assert.Equal("good", host.Record.Last.Credential);
        using var bad = await Caller.PostAsync(host, Path + "?key=bad", Body("""{"text":"x"}"""));
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
        Assert.Contains("API_KEY_INVALID", await bad.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var none = await Caller.PostAsync(host, Path, Body("""{"text":"x"}"""));
        Assert.Equal(HttpStatusCode.Forbidden, none.StatusCode);
        using var vertex = await Caller.PostAsync(host, "/v1/projects/p/locations/l/publishers/google/models/m:generateContent", Body("""{"text":"x"}"""), "bad");
        Assert.Equal(HttpStatusCode.Unauthorized, vertex.StatusCode);
    }

    [Fact]
    public async Task RateLimit_NamesTheWaitInItsDetails()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = new ManualTime(), RateLimits = new(RequestsPerMinute: 1) });
        using var first = await Caller.PostAsync(host, "/v1beta/models/m:generateContent", Body("""{"text":"x"}"""));
        using var second = await Caller.PostAsync(host, "/v1beta/models/m:generateContent", Body("""{"text":"x"}"""));
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.False(second.Headers.Contains("retry-after"));
        var error = JsonDocument.Parse(await second.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal("RESOURCE_EXHAUSTED", error.GetProperty("status").GetString());
        Assert.Equal("""{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"60s"}""", error.GetProperty("details")[1].GetRawText());
    }

    [Fact]
    public async Task Cache_LongPrefix_IsReadInSteps()
    {
        async Task<JsonElement> UsageAsync(string question) => (await Caller.JsonAsync(_host, "/v1beta/models/m:generateContent",
            $$"""{"systemInstruction":{"parts":[{"text":"{{new string('s', 9000)}}"}]},"contents":[{"parts":[{"text":"{{question}}"}]}]}""")).GetProperty("usageMetadata");
        Assert.False((await UsageAsync("first")).TryGetProperty("cachedContentTokenCount", out _));
        Assert.Equal(2048, (await UsageAsync("second")).GetProperty("cachedContentTokenCount").GetInt32());
    }

    [Theory]
    [InlineData("?alt=sse", "data: {\"error\":{\"code\":503,", "\r\n\r\n")]
    [InlineData("", "\n,\r\n{\"error\":{\"code\":503,", "\n]")]
    public async Task F13_ErrorInTheStream_TakesTheFramingsShape(string query, string error, string end)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText) with { Status = 503 });
        using var answer = await Caller.PostAsync(_host, Stream + query, Body("""{"text":"one two"}"""));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains(error, text, StringComparison.Ordinal);
        Assert.EndsWith(end, text, StringComparison.Ordinal);
        Assert.DoesNotContain("finishReason", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FaultPlace.AfterHeaders)]
    [InlineData(FaultPlace.AfterPing)]
    [InlineData(FaultPlace.AfterStart)]
    public async Task F13_ErrorBeforeAnyElement_IsStillOneArray(FaultPlace place)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, place));
        using var answer = await Caller.PostAsync(_host, Stream, Body("""{"text":"one two"}"""));
        var array = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("UNAVAILABLE", Assert.Single(array.EnumerateArray()).GetProperty("error").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Status_OfAnArrayStream_ComesInAnArray()
    {
        using var answer = await Caller.PostAsync(_host, Stream, Body("""{"text":"x"}"""), fault: "429;retry-after=34");
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement[0].GetProperty("error");
        Assert.Equal("34s", error.GetProperty("details")[1].GetProperty("retryDelay").GetString());
    }

    [Theory]
    [InlineData("?alt=sse")]
    [InlineData("")]
    public async Task F13_MissingTerminal_HasNoFinishReason(string query)
    {
        _host.Script.Enqueue(new Fault(FaultKind.MissingTerminal));
        using var answer = await Caller.PostAsync(_host, Stream + query, Body("""{"text":"one two"}"""));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.Contains("two", text, StringComparison.Ordinal);
        Assert.DoesNotContain("finishReason", text, StringComparison.Ordinal);
        Assert.Equal(query.Length == 0, text.EndsWith(']'));
    }

    [Fact]
    public async Task EmbedContent_OfEqualTexts_IsEqual()
    {
        const string One = """{"content":{"parts":[{"text":"x"}]}}""";
        var first = await Caller.JsonAsync(_host, "/v1beta/models/e:embedContent", One);
        var values = first.GetProperty("embedding").GetProperty("values");
        Assert.Equal(8, values.GetArrayLength());
        Assert.Equal(1, values.EnumerateArray().Sum(v => v.GetDouble() * v.GetDouble()), 4);
        var batch = await Caller.JsonAsync(_host, "/v1beta/models/e:batchEmbedContents", $$"""{"requests":[{{One}},{"content":{"parts":[{"text":"y"}]},"outputDimensionality":3}]}""");
        Assert.Equal(values.GetRawText(), batch.GetProperty("embeddings")[0].GetProperty("values").GetRawText());
        Assert.Equal(3, batch.GetProperty("embeddings")[1].GetProperty("values").GetArrayLength());
    }

    [Fact]
    public async Task Models_ComeInGooglesShape()
    {
        var models = JsonDocument.Parse(await Caller.Http.GetStringAsync(new Uri(_host.Address, "/v1beta/models"))).RootElement;
        Assert.Equal("models/sim/echo", models.GetProperty("models")[0].GetProperty("name").GetString());
    }

    private static string Body(string part, string extra = "") => $$"""{"contents":[{"role":"user","parts":[{{part}}]}]{{extra}}}""";

    private static IReadOnlyList<JsonElement> Chunks(string stream)
    {
        Assert.EndsWith("\r\n\r\n", stream, StringComparison.Ordinal);
        return [.. stream.Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            Assert.StartsWith("data: {", line, StringComparison.Ordinal);
            return JsonDocument.Parse(line[6..]).RootElement;
        })];
    }

    private async Task RefusedAsync(string path, string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.Contains(wording, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("INVALID_ARGUMENT", error.GetProperty("status").GetString());
        Assert.Equal(400, error.GetProperty("code").GetInt32());
    }
}
