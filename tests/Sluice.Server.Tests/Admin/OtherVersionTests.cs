using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sluice.Commands;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>Commands whose Sluice is of another version: answers in another shape are told in one line, never by a stack trace.</summary>
[Collection(nameof(CommandTests))]
public sealed class OtherVersionTests
{
    private static readonly string[] Answers =
    [
        "{}", "[]", "5", "null",
        """{"version":"9","uptime_seconds":"long","providers":{},"warnings":7}""",
        """{"version":"9","uptime_seconds":1e300,"providers":[5],"warnings":[{}]}""",
        """{"by":["user"],"rows":[{"user":"ada"}],"total":{},"truncated":"no"}""",
        """{"by":["user"],"rows":[{"user":"ada","cache_write_5m_tokens":1.5,"cache_write_1h_tokens":"2","estimated":null,"unpriced":[]}],"total":7,"truncated":false}""",
        """{"by":[{}],"rows":[7],"total":null,"truncated":null}""",
        """{"keys":[7],"items":[7],"models":[7],"attempts":[7],"id":7,"endpoints":[7],"suggestions":[7]}""",
        """{"keys":[{}],"items":[{}],"models":[{}],"attempts":[{}],"id":"x","endpoints":[{}]}""",
    ];

    [Theory]
    [InlineData("status")]
    [InlineData("report")]
    [InlineData("report", "--csv")]
    [InlineData("keys", "list")]
    [InlineData("users", "list")]
    [InlineData("models", "list")]
    [InlineData("models", "resolve", "x")]
    [InlineData("explain", "gen-1")]
    public async Task Command_AnsweredInAnotherShape_SaysSoOrShowsWhatItCan(params string[] arguments)
    {
        var answer = "";
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var app = builder.Build();
        app.Run(async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(answer);
        });
        await app.StartAsync();

        var told = 0;
        foreach (var shape in Answers)
        {
            answer = shape;
            var (code, _, error) = await CapturedConsole.RunAsync(() =>
                CommandTree.RunAsync(CommandTree.Build(new Command("serve")), [.. arguments, "--url", app.Urls.First(), "--admin-key", AdminHost.AdminKey]));

            Assert.InRange(code, 0, 1);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", error, StringComparison.Ordinal);
            told += error.Contains("is of another version", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.True(told >= 3, $"{told} of {Answers.Length} told");
    }
}
