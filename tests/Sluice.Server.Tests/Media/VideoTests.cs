using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Media;

/// <summary>Videos are jobs: begun by whoever is well, asked for where they were begun, and only by the user who began them.</summary>
public sealed class VideoTests
{
    private const string Ask = """{"model":"acme/film","prompt":"a heron","seconds":"8","size":"1280x720"}""";

    [Fact]
    public async Task I15_Video_IsBegunPolledFetchedAndDeletedAtItsOwnProvider()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Enqueue(Fault.Of(503));

        var begun = await gateway.PostAsync("/v1/videos", Ask);

        Assert.True(begun.Status == 200, begun.Text);
        Assert.Equal(("b", "queued"), (begun.Header("x-sluice-provider"), begun.Json.GetProperty("status").GetString()));
        var id = begun.Json.GetProperty("id").GetString()!;
        Assert.StartsWith("video_", id, StringComparison.Ordinal);

        var polled = await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}");
        Assert.Equal((200, "completed", id), (polled.Status, polled.Json.GetProperty("status").GetString(), polled.Json.GetProperty("id").GetString()));
        Assert.Equal(("b", "acme/film"), (polled.Header("x-sluice-provider"), polled.Header("x-sluice-model")));

        var content = await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}/content?variant=video");
        Assert.Equal((200, "video/mp4"), (content.Status, content.Header("content-type")));
        Assert.Equal("ftyp", Encoding.ASCII.GetString(content.Body, 4, 4));
        Assert.Equal("?variant=video", gateway.B.Record.Requests[^1].Query);

        var deleted = await gateway.JobAsync(HttpMethod.Delete, $"/v1/videos/{id}");
        Assert.True(deleted.Json.GetProperty("deleted").GetBoolean());
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.All(gateway.B.Record.Requests, request => Assert.Equal(MediaGateway.KeyOfB, request.Credential));
    }

    [Theory]
    [InlineData(Ask, 800_000_000)]
    [InlineData("""{"model":"acme/film","prompt":"a heron","seconds":"8","size":"1792x1024"}""", 4_000_000_000)]
    [InlineData("""{"model":"acme/film","prompt":"a heron"}""", 400_000_000)]
    public async Task Video_IsChargedByTheSecondOfItsSize(string ask, long nano)
    {
        await using var gateway = await MediaGateway.StartAsync();

        Assert.Equal(nano, (await gateway.AttemptAsync(await gateway.PostAsync("/v1/videos", ask))).GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task Video_OfAForm_PassesWithItsReference()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var begun = await gateway.PostFormAsync("/v1/videos", ("model", "acme/film"), ("prompt", "a heron"), ("seconds", "4"), ("input_reference", new byte[] { 1, 2, 3 }));

        Assert.True(begun.Status == 200, begun.Text);
        Assert.Equal(400_000_000, (await gateway.AttemptAsync(begun)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task Job_OfAnotherUser_IsNoJob()
    {
        await using var gateway = await MediaGateway.StartAsync();
        var id = (await gateway.PostAsync("/v1/videos", Ask)).Json.GetProperty("id").GetString();
        var stranger = await gateway.KeyOfAsync("stranger");

        foreach (var (method, path) in new[] { (HttpMethod.Get, $"/v1/videos/{id}"), (HttpMethod.Get, $"/v1/videos/{id}/content"), (HttpMethod.Delete, $"/v1/videos/{id}") })
        {
            var refused = await gateway.JobAsync(method, path, stranger);
            Assert.Equal(404, refused.Status);
            Assert.Contains("There is no such job of this user", refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(401, (await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}", "sk-nobody-000000000000000000000000")).Status);
    }

    [Theory]
    [InlineData("video_6909a0b8")]
    [InlineData("video_")]
    [InlineData("nothing")]
    [InlineData("video_!!!")]
    public async Task Job_OfNoIdOfOurs_IsNoJob(string id)
    {
        await using var gateway = await MediaGateway.StartAsync();

        Assert.Equal(404, (await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}")).Status);
        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Theory]
    [InlineData("first-key-0123456789", "second-key-0123456789")]
    [InlineData("second-key-0123456789", "first-key-0123456789")]
    public async Task Job_OfOneOfSeveralKeys_IsAskedForWithThatKey(string limited, string other)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [first-key-0123456789, second-key-0123456789] }
            models:
              - { id: acme/film, makes: [videos], endpoints: [{ provider: a, model: film-1, price: { video_second: 0.1 } }] }
            """);
        gateway.A.Script.Always(Fault.Of(429), credential: limited);

        var begun = await gateway.PostAsync("/v1/videos", Ask);
        var polled = await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{begun.Json.GetProperty("id").GetString()}");

        Assert.Equal(200, polled.Status);
        Assert.Equal([other, other], gateway.A.Record.Requests.TakeLast(2).Select(request => request.Credential));
        Assert.DoesNotContain("key-0123456789", begun.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_AfterARestart_IsAskedForAtTheSamePlace()
    {
        await using var gateway = await MediaGateway.StartAsync();
        var id = (await gateway.PostAsync("/v1/videos", Ask)).Json.GetProperty("id").GetString();

        await gateway.RestartAsync();

        Assert.Equal("completed", (await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}")).Json.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData(FaultKind.TruncatedBody)]
    [InlineData(FaultKind.Reset)]
    [InlineData(FaultKind.HtmlBody)]
    public async Task Job_WhoseProviderBreaksOff_IsABadAnswerOfTheProvider(FaultKind kind)
    {
        await using var gateway = await MediaGateway.StartAsync();
        var id = (await gateway.PostAsync("/v1/videos", Ask)).Json.GetProperty("id").GetString();
        gateway.A.Script.Always(Fault.Of(kind, FaultPlace.BeforeHeaders));

        var answer = await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}");

        Assert.True(answer.Status == 502, $"{answer.Status} {answer.Text}");
        Assert.NotEqual("gateway", answer.Header("x-sluice-error-source"));
    }

    [Fact]
    public async Task Job_WhoseProviderFails_IsToldAsTheProvidersFailure()
    {
        await using var gateway = await MediaGateway.StartAsync();
        var id = (await gateway.PostAsync("/v1/videos", Ask)).Json.GetProperty("id").GetString();
        gateway.A.Script.Always(Fault.Of(401));

        var answer = await gateway.JobAsync(HttpMethod.Get, $"/v1/videos/{id}");

        Assert.Equal((502, "provider"), (answer.Status, answer.Header("x-sluice-error-source")));
        Assert.Equal(0, gateway.B.Record.Count);
        Assert.Equal(405, (await gateway.JobAsync(HttpMethod.Put, $"/v1/videos/{id}")).Status);
    }
}
