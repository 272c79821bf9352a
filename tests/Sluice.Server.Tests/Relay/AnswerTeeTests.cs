using System.Text;
using Microsoft.AspNetCore.Http;
using Sluice.Server.Ingress;
using Sluice.Server.Relay;

namespace Sluice.Server.Tests.Relay;

/// <summary>A copy of an answer: what the client gets and no more, bounded, and never in the answer's way.</summary>
public sealed class AnswerTeeTests
{
    private static readonly byte[] Ping = ": ping\n\n"u8.ToArray();

    [Fact]
    public async Task Copy_HoldsWhatPassed_WithoutSignsOfLife()
    {
        var (http, sent) = Response();
        var budget = new BodyBudget(1024 * 1024);
        using (var tee = AnswerTee.On(http, Ping, budget))
        {
            await http.Response.BodyWriter.WriteAsync("data: one\n\n"u8.ToArray(), TestContext.Current.CancellationToken);
            await http.Response.BodyWriter.WriteAsync(Ping, TestContext.Current.CancellationToken);
            tee.Deaf = true;
            await http.Response.BodyWriter.WriteAsync("data: two\n\n"u8.ToArray(), TestContext.Current.CancellationToken);

            Assert.Equal("data: one\n\ndata: two\n\n", Encoding.UTF8.GetString(tee.Copy!.Value.Span));
            Assert.Equal("data: one\n\n: ping\n\n", Encoding.UTF8.GetString(sent.ToArray()));
            Assert.True(budget.Held > 0);
        }

        Assert.Equal(0, budget.Held);
    }

    [Theory]
    [InlineData(AnswerTee.Most + 1, 64 * 1024 * 1024)]
    [InlineData(200_000, 100_000)]
    public async Task TooLargeOrNoMemory_CopyIsGivenUp_AnswerGoesOn(int size, long memory)
    {
        var (http, sent) = Response();
        var budget = new BodyBudget(memory);
        using var tee = AnswerTee.On(http, Ping, budget);
        var given = 0;
        tee.GivenUp = () => given++;
        for (var i = 0; i < 2; i++)
        {
            await http.Response.BodyWriter.WriteAsync(new byte[size], TestContext.Current.CancellationToken);
        }

        Assert.Null(tee.Copy);
        Assert.Equal((1, 0L, 2L * size), (given, budget.Held, sent.Length));
    }

    private static (HttpContext Http, MemoryStream Sent) Response()
    {
        var sent = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Response.Body = sent;
        return (http, sent);
    }
}
