using System.Text;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Admission;

/// <summary>A gateway before simulated Chat providers with limits, and ways to make its lines form and move as a test needs them.</summary>
internal static class LimitedGateway
{
    /// <param name="a">Limits of the first provider; empty for none.</param>
    /// <param name="b">Limits of the second; null where there is none.</param>
    /// <param name="more">Further sections.</param>
    /// <param name="delay">Of each answer.</param>
    /// <param name="time">The gateway's clock.</param>
    public static Task<GatewayUnderTest> StartAsync(string a, string? b = null, string more = "", TimeSpan delay = default, TimeProvider? time = null) =>
        GatewayUnderTest.StartAsync(
            $$"""
            routing: { retries: 0, affinity: none }
            {{more}}
            providers:
              - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [ka], limits: { {{a}} } }
            {{(b is null ? "" : "  - { name: b, kind: openai, base_url: \"{B}/v1\", api_keys: [kb], limits: { " + b + " } }")}}
            models:
              - id: "m/one"
                endpoints:
                  - { provider: a, model: one, price: { input: 1, output: 1 } }
            {{(b is null ? "" : "      - { provider: b, model: one, price: { input: 1, output: 1 } }")}}
            """,
            new SimulatorOptions { FirstByteDelay = delay },
            time: time);

    /// <summary>Asks in somebody's name.</summary>
    public static async Task<ClientAnswer> AskAsync(this GatewayUnderTest gateway, string text, string? key = null, params (string Name, string Value)[] headers)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", text, stream: false));
        if (key is not null)
        {
            request.Headers.Remove("x-api-key");
            request.Headers.Add("x-api-key", key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await gateway.SendAsync(request);
    }

    /// <summary>Takes a provider's only place until it is let go.</summary>
    public static async Task<IAsyncDisposable> HoldAsync(this GatewayUnderTest gateway)
    {
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var source = new CancellationTokenSource();
        var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/one", "hold", stream: false));
        var asking = gateway.Http.SendAsync(request, source.Token);
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        return new Hold(source, request, asking);
    }

    /// <summary>Has requests line up one after another behind a held place, lets it go, and says in which order the provider saw them.</summary>
    public static async Task<List<string>> ServedAsync(this GatewayUnderTest gateway, IEnumerable<Func<Task<ClientAnswer>>> asks)
    {
        var asked = new List<Task<ClientAnswer>>();
        await using (await gateway.HoldAsync())
        {
            foreach (var ask in asks)
            {
                asked.Add(ask());
                await GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == asked.Count, $"{asked.Count} wait");
            }
        }

        Assert.All(await Task.WhenAll(asked), answer => Assert.True(answer.Status == 200, answer.Text));
        return [.. gateway.A.Record.Requests.Skip(1).Select(request => Words(request.Body!))];
    }

    /// <summary>Puts one limit in force, and no other.</summary>
    public static void SetLimit(this GatewayUnderTest gateway, string scope, LimitSet limits)
    {
        Assert.True(LimitScope.TryParse(scope, out var whose));
        gateway.Server.Admission.Replace(new Dictionary<LimitScope, LimitSet> { [whose] = limits });
    }

    public static AdmissionGate Gate(this GatewayUnderTest gateway) => gateway.Server.Admission.Gate;

    /// <summary>Nothing is held of any limit and nobody waits.</summary>
    public static Task UntilIdleAsync(this GatewayUnderTest gateway) =>
        GatewayUnderTest.UntilAsync(() => gateway.Gate().Waiting == 0 && gateway.Server.Admission.Read().All(use => use is { Held: 0, Waiting: 0 }), "nothing held");

    /// <summary>The text between the marks that the tests put round it.</summary>
    public static string Words(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        var start = text.IndexOf('(', StringComparison.Ordinal) + 1;
        return text[start..text.IndexOf(')', start)];
    }

    private sealed class Hold(CancellationTokenSource source, HttpRequestMessage request, Task asking) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await source.CancelAsync();
            await asking.ContinueWith(static _ => { }, TaskScheduler.Default);
            request.Dispose();
            source.Dispose();
        }
    }
}
