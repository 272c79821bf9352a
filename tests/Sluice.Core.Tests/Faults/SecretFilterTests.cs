using System.Text;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;
using Xunit;

namespace Sluice.Core.Tests.Faults;

public sealed class SecretFilterTests
{
    private static readonly Credential Canary = new("a#1", "canary-4711-secret");

    [Theory]
    [InlineData("Your key canary-4711-secret is wrong.", "Your key [secret] is wrong.")]
    [InlineData("canary-4711-secretcanary-4711-secret", "[secret][secret]")]
    [InlineData("Incorrect API key provided: sk-proj-abcDEF0123456789.", "Incorrect API key provided: [secret].")]
    [InlineData("key sk-ant-api03-****wxyz", "key [secret]")]
    [InlineData("{\"k\":\"AIzaSyA0123456789abcdefg\"}", "{\"k\":\"[secret]\"}")]
    [InlineData("use sk-learn please", "use sk-learn please")]
    [InlineData("task-0123456789abcdefgh runs", "task-0123456789abcdefgh runs")]
    [InlineData("prompt is too long: 210000 tokens > 200000 maximum", "prompt is too long: 210000 tokens > 200000 maximum")]
    public void F40_Text_LosesKeysAndNothingElse(string text, string expected) =>
        Assert.Equal(expected, SecretFilter.Scrub(text, Canary));

    [Fact]
    public void Text_WithoutKeys_IsTheSameInstance()
    {
        var text = new string('x', 100);

        Assert.Same(text, SecretFilter.Scrub(text, Canary));
    }

    [Fact]
    public void ShortWordAsKey_IsLeftInTheText() =>
        Assert.Equal("ollama said no", SecretFilter.Scrub("ollama said no", new Credential("a#1", "ollama")));

    [Fact]
    public void F40_Error_LosesKeysInMessageAndBody()
    {
        var error = new UpstreamError(ErrorKind.Authentication, "bad canary-4711-secret") { Body = RawJson.FromText("{\"error\":\"bad canary-4711-secret\"}") };

        var clean = SecretFilter.Scrub(error, Canary);

        Assert.Equal("bad [secret]", clean.Message);
        Assert.Equal("{\"error\":\"bad [secret]\"}", Encoding.UTF8.GetString(clean.Body.Utf8.Span));
    }
}
