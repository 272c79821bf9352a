using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Errors;
using Sluice.Server.Errors;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Errors;

/// <summary>The pages about errors that Sluice serves, and the addresses in error bodies that lead to them.</summary>
public sealed class ErrorPagesTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers: [{ name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }]
        models: [{ id: x/one, endpoints: [{ provider: a, model: one, price: { input: 3, output: 15 } }] }]
        """;

    [Fact]
    public async Task ReqF25_EveryKind_HasAPageThatNeedsNoKey()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            var page = await GetAsync(gateway, "/docs/errors/" + ErrorWords.Of(kind));

            Assert.Equal((200, "text/plain; charset=utf-8", "nosniff"), (page.Status, page.Header("content-type"), page.Header("x-content-type-options")));
            Assert.StartsWith(ErrorWords.Of(kind) + "\n\n", page.Text, StringComparison.Ordinal);
            Assert.Contains("\nWhat to do: " + Remedies.Of(kind), page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("key-of-a", page.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Page_OfAKind_HasItsRowsOfTheCatalogue()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var page = (await GetAsync(gateway, "/docs/errors/overloaded")).Text;

        Assert.Contains("When a provider fails\n  status, Anthropic / others: 529 / 503\n", page, StringComparison.Ordinal);
        Assert.Contains("What Sluice itself refuses\n  when: while stopping\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Catalogue_IsThePageOfTheDocuments_AndAnUnknownKindListsAll()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var whole = await GetAsync(gateway, "/docs/errors");
        var unknown = await GetAsync(gateway, "/docs/errors/<script>");

        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Testing.RepositoryRoot.Path, "docs", "errors.md")), whole.Text);
        Assert.Equal(404, unknown.Status);
        Assert.DoesNotContain("script", unknown.Text, StringComparison.Ordinal);
        Assert.Contains("rate_limit, quota_exhausted", unknown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReqF25_ErrorsOfEveryWire_LeadToTheirPage()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(503));
        foreach (var wire in Enum.GetValues<Wire>())
        {
            foreach (var (model, kind) in ((string, string)[])[("x/one", ""), ("x/nobody", "model_not_found")])
            {
                var answer = await gateway.PostAsync(wire, Wires.Ask(wire, model, "hello", stream: false));
                var facts = Facts(wire, answer.Json.GetProperty("error"));
                var address = new Uri(facts.GetProperty("docs_url").GetString()!);

                Assert.Equal(facts.GetProperty("remedy").GetString(), facts.GetProperty("hint").GetString());
                Assert.Equal(gateway.Url.Authority, address.Authority);
                Assert.EndsWith("/docs/errors/" + (kind.Length == 0 ? facts.GetProperty("kind").GetString() : kind), address.AbsolutePath, StringComparison.Ordinal);
                Assert.Equal(200, (await GetAsync(gateway, address.AbsolutePath)).Status);
            }
        }
    }

    [Theory]
    [InlineData("sluice.example:8787", "http://sluice.example:8787/docs/errors/timeout")]
    [InlineData("[::1]:8787", "http://[::1]:8787/docs/errors/timeout")]
    [InlineData("", "/docs/errors/timeout")]
    [InlineData("evil.example/path?", "/docs/errors/timeout")]
    [InlineData("user@evil.example", "/docs/errors/timeout")]
    [InlineData("\"><script>", "/docs/errors/timeout")]
    public void ReqF25_Address_TakesNothingButANameFromTheClient(string host, string expected)
    {
        var request = new DefaultHttpContext().Request;
        request.Scheme = "http";
        request.Host = new HostString(host);

        Assert.Equal(expected, ErrorPageAddress.Of(request, ErrorKind.Timeout));
    }

    [Fact]
    public void Address_OfAForwardedHost_IsNotTaken()
    {
        var request = new DefaultHttpContext().Request;
        request.Scheme = "https";
        request.Host = new HostString("own.example");
        request.Headers["x-forwarded-host"] = "evil.example";

        Assert.Equal("https://own.example/docs/errors/internal", ErrorPageAddress.Of(request, ErrorKind.Internal));
    }

    private static System.Text.Json.JsonElement Facts(Wire wire, System.Text.Json.JsonElement error) => wire switch
    {
        Wire.Anthropic => error,
        Wire.Gemini => error.GetProperty("details")[0].GetProperty("metadata"),
        _ => error.GetProperty("metadata"),
    };

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await gateway.SendAsync(request);
    }
}
