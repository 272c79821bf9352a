using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Media;

/// <summary>Providers that are gateways themselves: other addresses, jobs where OpenAI answers at once, and costs that they report.</summary>
public sealed class GatewayBehindTests
{
    private const string Yaml = """
        routing: { retries: 0 }
        providers:
          - { name: evo, kind: openai, dialect: evolink, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: router, kind: openrouter, base_url: "{B}/api/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: seed/dance, makes: [videos], endpoints: [{ provider: evo, model: seedance-2, price: { video_second: 0.05 } }] }
          - { id: seed/paint, makes: [images], endpoints: [{ provider: evo, model: gpt-image-2 }] }
          - { id: open/paint, makes: [images], endpoints: [{ provider: router, model: open/paint-1 }] }
          - { id: open/film, makes: [videos], endpoints: [{ provider: router, model: open/film-1 }] }
        """;

    [Fact]
    public async Task A3_EvoLink_TextImageAndVideoOnOneKey_TasksArePolledAtItsOwnAddress()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);

        var begun = await gateway.PostAsync("/v1/videos/generations", """{"model":"seed/dance","prompt":"a heron","duration":5}""");
        var id = begun.Json.GetProperty("id").GetString();
        var polled = await gateway.JobAsync(HttpMethod.Get, $"/v1/tasks/{id}");

        Assert.Equal(200, polled.Status);
        Assert.Equal((id, "video.generation.task", "completed"), (polled.Json.GetProperty("id").GetString(), polled.Json.GetProperty("object").GetString(), polled.Json.GetProperty("status").GetString()));
        Assert.Equal("/v1/videos/generations", gateway.A.Record.Requests[0].Path);
        Assert.StartsWith("/v1/tasks/video_sim_", gateway.A.Record.Requests[1].Path, StringComparison.Ordinal);
        Assert.Equal(250_000_000, (await gateway.AttemptAsync(begun)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task EvoLink_ImageAsATask_GetsAnIdOfOurs()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        gateway.A.Script.Replay(new ReplayAnswer
        {
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes("""{"created":1757156493,"id":"task-unified-1","model":"gpt-image-2","object":"image.generation.task","progress":0,"status":"pending"}"""),
        });

        var begun = await gateway.PostAsync("/v1/images/generations", """{"model":"seed/paint","prompt":"a heron"}""");

        Assert.True(begun.Status == 200, begun.Text);
        Assert.StartsWith("task_", begun.Json.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("task-unified-1", begun.Text, StringComparison.Ordinal);
        await gateway.JobAsync(HttpMethod.Get, $"/v1/tasks/{begun.Json.GetProperty("id").GetString()}");
        Assert.Equal("/v1/tasks/task-unified-1", gateway.A.Record.Requests[^1].Path);
    }

    [Fact]
    public async Task OpenRouter_Images_AreAskedForAtItsAddressAndCostWhatItSays()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        gateway.B.Script.Replay(new ReplayAnswer
        {
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes("""{"created":1,"data":[{"b64_json":"iVBORw0KGgo=","media_type":"image/png"}],"usage":{"prompt_tokens":5,"completion_tokens":1290,"cost":0.0387}}"""),
        });

        var answer = await gateway.PostAsync("/api/v1/images", """{"model":"open/paint","prompt":"a heron","provider":{"options":{}}}""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("/api/v1/images", gateway.B.Record.Requests[^1].Path);
        Assert.Equal("""{"model":"open/paint-1","prompt":"a heron","provider":{"options":{}}}""", Encoding.UTF8.GetString(gateway.B.Record.Requests[^1].Body!));
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal((38_700_000, false), (attempt.GetProperty("cost_nano_usd").GetInt64(), attempt.GetProperty("unpriced").GetBoolean()));
    }

    [Fact]
    public async Task OpenRouter_Video_IsPolledHereAndNotPastSluice()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Yaml);
        gateway.B.Script.Replay(new ReplayAnswer
        {
            Status = 202,
            ContentType = "application/json",
            Body = Encoding.UTF8.GetBytes("""{"id":"vgen-1","polling_url":"https://openrouter.example/api/v1/videos/vgen-1","status":"pending"}"""),
        });

        var begun = await gateway.PostAsync("/api/v1/videos", """{"model":"open/film","prompt":"a heron"}""");

        Assert.True(begun.Status == 202, begun.Text);
        var id = begun.Json.GetProperty("id").GetString();
        Assert.Equal($"{gateway.Url.Scheme}://{gateway.Url.Authority}/api/v1/videos/{id}", begun.Json.GetProperty("polling_url").GetString());

        // Nobody said how long it will be, and no price is known.
        Assert.True((await gateway.AttemptAsync(begun)).GetProperty("unpriced").GetBoolean());
        await gateway.JobAsync(HttpMethod.Get, $"/api/v1/videos/{id}");
        Assert.Equal(("/api/v1/videos/vgen-1", "key-of-b-0123456789"), (gateway.B.Record.Requests[^1].Path, gateway.B.Record.Requests[^1].Credential));
    }
}
