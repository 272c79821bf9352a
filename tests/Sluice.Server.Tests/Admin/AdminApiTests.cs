using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Server.Tests.Admin;

public sealed class AdminApiTests(AdminHost host) : IClassFixture<AdminHost>
{
    [Fact]
    public async Task F39_EveryRoute_OpensToTheAdminKeyAlone()
    {
        var client = (await CreateKeyAsync("{\"user\":\"matrix\"}")).GetProperty("key").GetString()!;
        var routes = host.Routes.SelectMany(route => (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST", "PUT", "DELETE", "PATCH"])
            .Select(method => (Method: method, Path: PathOf(route)))).ToList();
        Assert.True(routes.Count >= 15, "The route table was not read.");

        foreach (var (method, path) in routes)
        {
            foreach (var (header, value) in new[]
            {
                ("x-nothing", "1"), ("Authorization", "Bearer wrong"), ("Authorization", "Basic " + AdminHost.AdminKey), ("Authorization", "Bearer "), ("x-api-key", ""),
                ("Authorization", "Bearer " + client), ("x-api-key", client), ("x-goog-api-key", AdminHost.AdminKey), ("x-api-key", AdminHost.AdminKey + "x"),
            })
            {
                var (status, body) = await SendAsync(method, path, null, header, value);
                Assert.True(status == HttpStatusCode.Unauthorized, $"{method} {path} with {header} answered {status}.");
                Assert.Contains("admin key", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
            }

            foreach (var header in new[] { "Authorization", "x-api-key" })
            {
                var (status, _) = await SendAsync(method, path, null, header, header == "Authorization" ? "Bearer " + AdminHost.AdminKey : AdminHost.AdminKey);
                Assert.True(status != HttpStatusCode.Unauthorized, $"{method} {path} refused the admin key in {header}.");
            }
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync("GET", "/admin/api/keys?key=" + AdminHost.AdminKey, null, "x-nothing", "1")).Status);
    }

    [Fact]
    public async Task Keys_FromCreationToRevocation_AreShownButTheirSecretsOnlyOnce()
    {
        var made = await CreateKeyAsync("""{"user":"dev1","team":"core","project":"shop","name":"laptop","expires":"30d","models":["sim/echo"]}""");
        var (id, secret) = (made.GetProperty("id").GetString()!, made.GetProperty("key").GetString()!);
        Assert.Matches("^sk-sluice-[0-9A-Za-z]{40}$", secret);
        Assert.Equal(("dev1", "shop"), (made.GetProperty("user").GetString(), made.GetProperty("project").GetString()));
        Assert.Equal(["sim/echo"], host.Ring.Find(secret).Caller!.AllowedModels);

        var rotated = (await AdminAsync("POST", $"/admin/api/keys/{id}/rotate")).Body.GetProperty("key").GetString()!;
        Assert.Equal(KeyState.Revoked, host.Ring.Find(secret).State);
        Assert.Equal(KeyState.Valid, host.Ring.Find(rotated).State);

        Assert.Equal(HttpStatusCode.OK, (await AdminAsync("DELETE", "/admin/api/keys/" + id)).Status);
        Assert.Equal(KeyState.Revoked, host.Ring.Find(rotated).State);
        Assert.Equal(HttpStatusCode.NotFound, (await AdminAsync("POST", $"/admin/api/keys/{id}/rotate")).Status);

        var list = (await AdminAsync("GET", "/admin/api/keys")).Body;
        var key = list.GetProperty("keys").EnumerateArray().Single(entry => entry.GetProperty("id").GetString() == id);
        Assert.Equal("revoked", key.GetProperty("state").GetString());
        Assert.DoesNotContain(rotated[12..], list.GetRawText(), StringComparison.Ordinal);
        foreach (var (path, name) in new[] { ("users", "dev1"), ("teams", "core"), ("projects", "shop") })
        {
            var items = (await AdminAsync("GET", "/admin/api/" + path)).Body.GetProperty("items");
            Assert.Contains(items.EnumerateArray(), item => item.GetProperty("name").GetString() == name);
        }
    }

    [Theory]
    [InlineData("POST", "/keys", "", "user")]
    [InlineData("POST", "/keys", "{}", "'user' is missing")]
    [InlineData("POST", "/keys", "[]", "Members: user, team")]
    [InlineData("POST", "/keys", "null", "null")]
    [InlineData("POST", "/keys", "{\"user\":\"a\",\"usr\":1}", "Members: user, team")]
    [InlineData("POST", "/keys", "{\"user\":7}", "at $.user")]
    [InlineData("POST", "/keys", "{\"user\":\"a\",\"expires\":\"soon\"}", "'soon'")]
    [InlineData("POST", "/keys", "{\"user\":\"a\",\"expires\":\"2020-01-01\"}", "past")]
    [InlineData("POST", "/keys", "{\"user\":\"a\\nb\"}", "control characters")]
    [InlineData("POST", "/users", "{\"name\":\" \"}", "'name' is missing")]
    [InlineData("GET", "/report?by=usr", null, "'usr'")]
    [InlineData("GET", "/report?by=user,user", null, "twice")]
    [InlineData("GET", "/report?since=yesterday", null, "'yesterday'")]
    [InlineData("GET", "/report?since=1d&until=2d", null, "not before")]
    [InlineData("GET", "/report?since=99999999999d", null, "no time")]
    [InlineData("GET", "/report?waste=perhaps", null, "'perhaps'")]
    [InlineData("GET", "/report?from=1d", null, "'from'")]
    [InlineData("GET", "/report?by=user&by=team", null, "more than once")]
    [InlineData("GET", "/models/resolve", null, "'name'")]
    [InlineData("GET", "/requests?limit=0", null, "'limit'")]
    [InlineData("GET", "/requests?limit=501", null, "500")]
    [InlineData("GET", "/requests?before=gen-1", null, "'before'")]
    [InlineData("GET", "/requests?failed=perhaps", null, "'perhaps'")]
    [InlineData("GET", "/requests?user=ada", null, "limit, failed, before")]
    public async Task BadInput_IsRefusedInPlainWords(string method, string path, string? body, string says)
    {
        var (status, answer) = await AdminAsync(method, "/admin/api" + path, body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(says, answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_OfWhatWasJustAppended_HasIt()
    {
        var now = DateTimeOffset.UtcNow;
        await AppendAsync("gen-report", now, "reporter", 1_500_000_007);

        var (_, body) = await AdminAsync("GET", "/admin/api/report?by=user,model,day,key&since=1d&waste=0");
        var row = body.GetProperty("rows").EnumerateArray().Single(entry => entry.GetProperty("user").GetString() == "reporter");

        Assert.Equal(1_500_000_007, row.GetProperty("cost_nano_usd").GetInt64());
        Assert.Equal("1.500000007", row.GetProperty("cost_usd").GetString());
        Assert.Equal(now.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), row.GetProperty("day").GetString());
        Assert.Equal("key-1", row.GetProperty("key_id").GetString());
        Assert.Equal((2, 1), (row.GetProperty("attempts").GetInt32(), row.GetProperty("requests").GetInt32()));
        Assert.Equal((11, 22, 33, 44, 55), (Int(row, "input_tokens"), Int(row, "cache_read_tokens"), Int(row, "cache_write_5m_tokens"), Int(row, "cache_write_1h_tokens"), Int(row, "output_tokens")));

        var waste = (await AdminAsync("GET", "/admin/api/report?by=user,cause&waste=1&since=1d")).Body.GetProperty("rows").EnumerateArray()
            .Single(entry => entry.GetProperty("user").GetString() == "reporter");
        Assert.Equal(("overloaded", 7), (waste.GetProperty("cause").GetString(), waste.GetProperty("cost_nano_usd").GetInt64()));
    }

    [Fact]
    public async Task Request_Explained_HasEveryAttemptAndEveryLeftOutEndpoint()
    {
        await AppendAsync("gen-explain", DateTimeOffset.UtcNow, "explainer", 7 + 10);

        var (status, body) = await AdminAsync("GET", "/admin/api/requests/gen-explain");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("settled", body.GetProperty("state").GetString());
        Assert.Equal("0.000000017", body.GetProperty("cost_usd").GetString());
        Assert.Equal("It failed.", body.GetProperty("cause").GetString());
        Assert.Equal("Try again.", body.GetProperty("remedy").GetString());
        Assert.Equal("provider", body.GetProperty("error_source").GetString());
        Assert.Equal(["cache_control=dropped", "top_k=weakened"], body.GetProperty("degradations").EnumerateArray().Select(entry => entry.GetString()!));
        Assert.Equal("cooling", body.GetProperty("left_out")[0].GetProperty("why").GetString());
        Assert.Equal(["overloaded", "answered"], body.GetProperty("attempts").EnumerateArray().Select(entry => entry.GetProperty("outcome").GetString()!));
        Assert.Equal(HttpStatusCode.NotFound, (await AdminAsync("GET", "/admin/api/requests/gen-nobody")).Status);
    }

    [Fact]
    public async Task Requests_Listed_HaveTheNewestFirstWithWhatItCost()
    {
        await AppendAsync("gen-listed", DateTimeOffset.UtcNow, "lister", 7 + 10);

        var (status, body) = await AdminAsync("GET", "/admin/api/requests?limit=1&failed=1");

        Assert.Equal(HttpStatusCode.OK, status);
        var line = body.GetProperty("requests")[0];
        Assert.Equal(("gen-listed", "lister", "0.000000017"), (line.GetProperty("id").GetString(), line.GetProperty("user").GetString(), line.GetProperty("cost_usd").GetString()));
        Assert.Equal(("provider", 2), (line.GetProperty("error_source").GetString(), Int(line, "attempts")));
    }

    [Fact]
    public async Task Request_StillRunning_SaysSo()
    {
        await host.Ledger.AppendAsync(Start("att-running", "gen-running", 1, DateTimeOffset.UtcNow, "runner"));

        var (_, body) = await AdminAsync("GET", "/admin/api/requests/gen-running");

        Assert.Equal("running", body.GetProperty("state").GetString());
        Assert.Equal("running", body.GetProperty("attempts")[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task StatusAndModels_ComeFromTheirSources()
    {
        var status = (await AdminAsync("GET", "/admin/api/status")).Body;
        Assert.Equal("1.2.3", status.GetProperty("version").GetString());
        Assert.Equal("sim", status.GetProperty("providers")[0].GetProperty("name").GetString());

        var model = (await AdminAsync("GET", "/admin/api/models/resolve?name=sim%2Fehco")).Body;
        Assert.Equal(JsonValueKind.Null, model.GetProperty("id").ValueKind);
        Assert.Equal("sim/echo", model.GetProperty("suggestions")[0].GetString());
        Assert.Equal(0.1m, (await AdminAsync("GET", "/admin/api/models")).Body.GetProperty("models")[0].GetProperty("endpoints")[0].GetProperty("input_usd_per_million").GetDecimal());
    }

    [Fact]
    public async Task Identity_CreatedTwice_IsAConflict()
    {
        Assert.Equal(HttpStatusCode.Created, (await AdminAsync("POST", "/admin/api/teams", "{\"name\":\"twice\"}")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AdminAsync("POST", "/admin/api/teams", "{\"name\":\"twice\"}")).Status);
    }

    private static string PathOf(RouteEndpoint route) =>
        "/" + route.RoutePattern.RawText!.TrimStart('/').Replace("{id}", "nobody", StringComparison.Ordinal).Replace("{**rest}", "nothing/here", StringComparison.Ordinal);

    private static int Int(JsonElement row, string name) => row.GetProperty(name).GetInt32();

    private static AttemptStarted Start(string id, string request, int ordinal, DateTimeOffset at, string user) => new()
    {
        AttemptId = id, RequestId = request, Ordinal = ordinal, StartedAt = at, KeyId = "key-1", User = user, Model = "a/b", Provider = "p", UpstreamModel = "b",
        ClientProtocol = WireProtocol.OpenAIChat, UpstreamProtocol = WireProtocol.OpenAIChat, EstimatedInputTokens = 1,
    };

    private async Task AppendAsync(string request, DateTimeOffset at, string user, long cost)
    {
        await host.Ledger.AppendAsync(Start(request + "-1", request, 1, at, user));
        await host.Ledger.AppendAsync(new AttemptSettled { AttemptId = request + "-1", EndedAt = at, Outcome = AttemptOutcome.Failed, Fault = ErrorKind.Overloaded, Usage = TokenUsage.Unknown, CostNanoUsd = 7 });
        await host.Ledger.AppendAsync(Start(request + "-2", request, 2, at, user));
        await host.Ledger.AppendAsync(new AttemptSettled
        {
            AttemptId = request + "-2", EndedAt = at, Outcome = AttemptOutcome.Succeeded, CostNanoUsd = cost - 7,
            Usage = new TokenUsage { Input = 11, CacheRead = 22, CacheWrite5m = 33, CacheWrite1h = 44, Output = 55 },
        });
        await host.Ledger.AppendAsync(new RequestSettled
        {
            RequestId = request, StartedAt = at, EndedAt = at, KeyId = "key-1", User = user, RequestedModel = "b", Model = "a/b", ClientProtocol = WireProtocol.OpenAIChat, Status = 502,
            Error = ErrorKind.UpstreamError, ErrorSource = ErrorSource.Provider, Cause = "It failed.", Remedy = "Try again.", Attempts = 2,
            Degraded = "cache_control=dropped,top_k=weakened", LeftOut = "[{\"endpoint\":\"q/b\",\"why\":\"cooling\"}]",
        });
    }

    private async Task<JsonElement> CreateKeyAsync(string body)
    {
        var (status, answer) = await AdminAsync("POST", "/admin/api/keys", body);
        Assert.Equal(HttpStatusCode.Created, status);
        return answer;
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> AdminAsync(string method, string path, string? body = null) =>
        SendAsync(method, path, body, "x-api-key", AdminHost.AdminKey);

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string method, string path, string? body, string header, string value)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation(header, value);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await host.Http.SendAsync(request);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return (response.StatusCode, document.RootElement.Clone());
    }
}
