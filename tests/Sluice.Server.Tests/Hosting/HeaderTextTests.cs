using System.Net;
using Sluice.Server.Relay;
using Xunit;

namespace Sluice.Server.Tests.Hosting;

public sealed class HeaderTextTests
{
    [Theory]
    [InlineData("anthropic/claude-sonnet-4.6", "anthropic/claude-sonnet-4.6")]
    [InlineData("mod\u00e8le", "mod%C3%A8le")]
    [InlineData("a\r\nx-b: c", "a%0D%0Ax-b: c")]
    [InlineData("\ud83d\ude80", "%F0%9F%9A%80")]
    public void Text_ThatNoHeaderMayHold_IsEncoded(string text, string header) => Assert.Equal(header, HeaderText.Of(text));

    [Theory]
    [InlineData("mod\u00e8le", "mod%C3%A8le")]
    [InlineData("a\\nb", "a%0Ab")]
    public async Task ModelName_OutsideAscii_IsServedAndNamed(string model, string header)
    {
        await using var folder = await ServingFolder.CreateAsync("""
            server: { urls: ["http://127.0.0.1:0"] }
            providers: [{ name: only, kind: openai, base_url: "{provider}/v1", api_keys: [provider-key-1] }]
            """);
        await using var server = await folder.ServeAsync();
        using var client = ServingFolder.Client(server);

        using var answer = await client.SendAsync(folder.Post("/v1/chat/completions", $$"""{"model":"only/{{model}}","messages":[{"role":"user","content":"hi"}]}"""));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.EndsWith(header, answer.Headers.GetValues("x-sluice-model").Single(), StringComparison.Ordinal);
    }
}
