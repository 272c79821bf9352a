using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>Questions to the ledger while its database is away.</summary>
public sealed class LedgerAwayTests
{
    [Fact]
    public async Task Questions_WhileTheDatabaseIsAway_Are503WithTheReasonInBoundedTime_AndAnswerAgainAfterwards()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        await using var server = await PostgresServer.StartAsync();
        await using var host = new AdminHost { Storage = await server.CreateDatabaseAsync() };
        await host.InitializeAsync();
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(host, "/admin/api/report?by=user")).Status);

        await server.StopAsync();
        foreach (var path in new[] { "/admin/api/report?by=user", "/admin/api/requests", "/admin/api/requests/gen-1", "/admin/api/diagnose/gen-1", "/admin/api/advice" })
        {
            var began = Stopwatch.StartNew();
            var (status, retryAfter, body) = await AskAsync(host, path);

            Assert.True(status == HttpStatusCode.ServiceUnavailable, $"{path}: {status} {body}");
            Assert.True(began.Elapsed < TimeSpan.FromSeconds(20), $"{path}: {began.Elapsed}");
            Assert.NotNull(retryAfter);
            var message = JsonDocument.Parse(body).RootElement.GetProperty("error").GetProperty("message").GetString();
            Assert.Contains("cannot answer now: ", message, StringComparison.Ordinal);
            Assert.Contains($"127.0.0.1:{server.Port}/", message, StringComparison.Ordinal);
            Assert.Contains("nothing is lost", message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-of-tests", body, StringComparison.Ordinal);
        }

        await server.StartAgainAsync();
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(host, "/admin/api/report?by=user")).Status);
    }

    private static async Task<(HttpStatusCode Status, RetryConditionHeaderValue? RetryAfter, string Body)> AskAsync(AdminHost host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", AdminHost.AdminKey) } };
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, response.Headers.RetryAfter, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
