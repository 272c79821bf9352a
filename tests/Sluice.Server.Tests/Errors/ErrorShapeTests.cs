using Microsoft.AspNetCore.Http;
using System.Text.Json;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Errors;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Errors;

/// <summary>The members of an error's body that programs read: OpenAI's under <c>/v1</c>, OpenRouter's under <c>/api</c>, both layers in one.</summary>
public sealed class ErrorShapeTests
{
    private const string OpenRouterPath = "/api/v1/chat/completions";

    private const string Words = "upstream connect error: no healthy host";

    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(Upstream.Chat, "A", name: "a")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "b")}}
          - { name: slow, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789], timeouts: { first_token: 200ms } }
        models:
        {{GatewayUnderTest.Models("one", 10, "a")}}
        {{GatewayUnderTest.Models("two", 10, "a", "b")}}
        {{GatewayUnderTest.Models("slow", 2, "slow")}}
        """;

    [Fact]
    public async Task ReqF3_ProvidersError_KeepsItsPrefixAndHasTheDetails()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(500) with { Message = Words });
        foreach (var path in new[] { OpenRouterPath, "/v1/chat/completions" })
        {
            var answer = await AskAsync(gateway, path, "one/0");
            var error = answer.Json.GetProperty("error");

            Assert.Equal(502, answer.Status);
            Assert.StartsWith("Provider returned error: " + Words, error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal("a", error.GetProperty("metadata").GetProperty("provider_name").GetString());
        }
    }

    [Fact]
    public async Task ReqF6_ProvidersOwnWords_StandUnderBothNames()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(503) with { Message = Words });

        var metadata = (await AskAsync(gateway, OpenRouterPath, "one/0")).Json.GetProperty("error").GetProperty("metadata");

        Assert.Equal(Words, metadata.GetProperty("raw").GetString());
        Assert.Equal(Words, metadata.GetProperty("provider_error").GetString());
    }

    [Fact]
    public async Task ReqF5_Code_UnderApiIsTheStatus_UnderV1AWordBesideIt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        (string Model, Fault? Fault, int Status, string Type, string Code)[] table =
        [
            ("one/0", Fault.Of(429, retryAfter: 3), 429, "rate_limit_exceeded", "rate_limit_exceeded"),
            ("one/1", Fault.Of(500), 502, "provider_unavailable", "upstream_error"),
            ("one/2", Fault.Of(503), 503, "provider_overloaded", "overloaded"),
            ("one/3", Fault.Of(404), 404, "not_found", "model_not_found"),
            ("no/such", null, 404, "not_found", "model_not_found"),
        ];
        foreach (var (model, fault, status, type, code) in table)
        {
            if (fault is not null)
            {
                gateway.A.Script.Always(fault, model.Replace('/', '-'));
            }

            foreach (var stream in new[] { true, false })
            {
                var number = (await AskAsync(gateway, OpenRouterPath, model, stream)).Json.GetProperty("error");
                var word = (await AskAsync(gateway, "/v1/chat/completions", model, stream)).Json.GetProperty("error");

                Assert.Equal(status, number.GetProperty("code").GetInt32());
                Assert.Equal(type, number.GetProperty("metadata").GetProperty("error_type").GetString());
                Assert.Equal((status, type), (word.GetProperty("http_status").GetInt32(), word.GetProperty("metadata").GetProperty("error_type").GetString()));
                if (model != "one/1" && model != "one/2")
                {
                    Assert.Equal(code, word.GetProperty("code").GetString());
                }
            }
        }
    }

    [Fact]
    public async Task ReqF5_CodeInAStream_UnderApiIsTheStatus()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText));

        var answer = await AskAsync(gateway, OpenRouterPath, "one/0", stream: true);

        Assert.Equal(200, answer.Status);
        Assert.Equal(503, answer.Frames[^1].GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public void ReqF4_OurErrors_AlwaysHaveACode()
    {
        foreach (var kind in ProviderFaults.Kinds)
        {
            foreach (var wire in new[] { Wire.Chat, Wire.Responses })
            {
                var told = ProviderFaults.Told(ProviderFaults.Of(kind), Wires.ProtocolOf(wire));
                Assert.NotEqual("", ProviderFaults.Body(told, Wires.ProtocolOf(wire)).GetProperty("error").GetProperty("code").GetString());
            }

            var numbered = ProviderFaults.Told(ProviderFaults.Of(kind), WireProtocol.OpenAIChat) with { AsOpenRouter = true };
            Assert.InRange(ProviderFaults.Body(numbered, WireProtocol.OpenAIChat).GetProperty("error").GetProperty("code").GetInt32(), 400, 599);
        }
    }

    [Fact]
    public void ReqF4_ProvidersErrorWithoutACode_IsRead()
    {
        foreach (var wire in Enum.GetValues<Wire>())
        {
            var read = WireFormats.Upstream(Wires.ProtocolOf(wire)).ReadError(404, """{"error":{"message":"Model not found"}}"""u8);

            Assert.Equal((ErrorKind.ModelNotFound, "Model not found", 404), (read.Kind, read.Message, read.Status));
        }
    }

    [Fact]
    public async Task ReqF8_Silence_IsNoRateLimit()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders), "slow-0");
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 7), "one-0");

        var silent = await AskAsync(gateway, OpenRouterPath, "slow/0");
        var limited = await AskAsync(gateway, OpenRouterPath, "one/0");

        Assert.Equal((504, "timeout", null), (silent.Status, TypeOf(silent), silent.Header("retry-after")));
        Assert.Equal((429, "rate_limit_exceeded", "7"), (limited.Status, TypeOf(limited), limited.Header("retry-after")));
        Assert.Equal(7, limited.Json.GetProperty("error").GetProperty("metadata").GetProperty("retry_after_seconds").GetInt32());
    }

    [Fact]
    public async Task ReqF34_OneError_HoldsBothLayers()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(502) with { Message = "a says no" });
        gateway.B.Script.Always(Fault.Of(503) with { Message = "b says no" });

        using var request = gateway.Request(Wire.Chat, """{"model":"two/0","messages":[{"role":"user","content":"hi"}],"provider":{"order":["a","b"]}}""", OpenRouterPath);
        var answer = await gateway.SendAsync(request);
        var error = answer.Json.GetProperty("error");
        var metadata = error.GetProperty("metadata");

        // The gateway's layer.
        Assert.Equal((503, "provider_overloaded", "overloaded", "provider"), (error.GetProperty("code").GetInt32(), Text(metadata, "error_type"), Text(metadata, "kind"), Text(metadata, "source")));
        Assert.Equal(Text(metadata, "remedy"), Text(metadata, "remedy_hint"));
        Assert.Equal(answer.Id, answer.Json.GetProperty("request_id").GetString());

        // The provider's.
        Assert.Equal(("b", "b says no"), (Text(metadata, "provider_name"), Text(metadata, "raw")));
        var before = Assert.Single(metadata.GetProperty("previous_errors").EnumerateArray());
        Assert.Equal(("a", "upstream_error", 502), (Text(before, "provider"), Text(before, "code"), before.GetProperty("status").GetInt32()));
        Assert.Equal([502, 503], metadata.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task ReqF33_NothingLeft_SaysWhichFilterLeftNone()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Chat, """{"model":"two/0","messages":[{"role":"user","content":"hi"}],"provider":{"max_price":{"prompt":0}}}""", OpenRouterPath);

        var answer = await gateway.SendAsync(request);
        var error = answer.Json.GetProperty("error");
        var metadata = error.GetProperty("metadata");

        Assert.Equal(404, answer.Status);
        Assert.Equal("provider.max_price", error.GetProperty("param").GetString());
        Assert.Equal("Filter by Max Price", Text(metadata, "failed_routing_step"));
        Assert.Equal(
            [("Endpoints of the Model", 2), ("Filter by Max Price", 0)],
            metadata.GetProperty("routing_funnel").EnumerateArray().Select(step => (Text(step, "step"), step.GetProperty("endpoint_count").GetInt32())));
        Assert.Equal((0, 0), (gateway.A.Record.Count, gateway.B.Record.Count));
    }

    [Fact]
    public void ReqF25_EveryKind_HasARemedy()
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            foreach (var source in Enum.GetValues<ErrorSource>())
            {
                foreach (var wire in Enum.GetValues<Wire>())
                {
                    var bare = new GatewayError(kind, source, ErrorStatus.Of(kind), "…");
                    var told = ErrorAnswer.ForClient(bare, Wires.ProtocolOf(wire), new DefaultHttpContext().Request);

                    Assert.True(told.Remedy is { Length: > 10 } remedy && remedy.EndsWith('.'), $"{kind} of {source}: '{told.Remedy}'");
                    Assert.Contains(JsonEncodedText.Encode(told.Remedy, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(), ProviderFaults.Body(told, Wires.ProtocolOf(wire)).GetRawText(), StringComparison.Ordinal);
                }
            }
        }
    }

    private static async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, string path, string model, bool stream = false)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, model, "hello", stream).Body, path);
        return await gateway.SendAsync(request);
    }

    private static string TypeOf(ClientAnswer answer) => Text(answer.Json.GetProperty("error").GetProperty("metadata"), "error_type");

    private static string Text(JsonElement node, string name) => node.GetProperty(name).GetString()!;
}
