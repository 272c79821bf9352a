using System.Net.Http.Headers;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Core.Diagnosis;
using Sluice.Server.Diagnosis;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;
using Sluice.Upstreams;

namespace Sluice.Server.Tests.Diagnosis;

/// <summary>Who can be reached, asked of real sockets: what stands in the way is told apart, and nobody's health changes.</summary>
public sealed class ReachabilityTests
{
    [Fact]
    public async Task A23_WhatStandsInTheWay_IsToldApart()
    {
        await using var ports = SimulatorFaultPorts.Open();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            providers:
              - { name: good, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789, second-of-a-0123456789] }
              - { name: open, kind: bedrock, base_url: "{B}", region: us-east-1, api_keys: [key-of-b-0123456789] }
              - { name: dns, kind: openai, base_url: "{{SimulatorFaultPorts.UnknownHost}}v1", api_keys: [key-of-c-0123456789] }
              - { name: closed, kind: openai, base_url: "{{ports.Refused}}v1" }
              - { name: tls, kind: openai, base_url: "{{ports.BrokenTls}}v1" }
            models: [{ id: x/one, endpoints: [{ provider: good, model: one, price: { input: 3, output: 15 } }] }]
            """);

        var providers = await CheckAsync(gateway);

        Assert.Equal(
            [("good#1", "ok"), ("good#2", "ok"), ("open#1", "reached"), ("dns#1", "dns"), ("closed", "connect"), ("tls", "tls")],
            providers.Select(one => (one.GetProperty("credential").GetString() ?? one.GetProperty("provider").GetString()!, one.GetProperty("state").GetString()!)));
        Assert.Equal("Check that the provider is up, the port of base_url, and firewalls between.", providers[4].GetProperty("remedy").GetString());
        Assert.EndsWith("connection refused.", providers[4].GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var ask = new HttpRequestMessage(HttpMethod.Get, "/status");
        Assert.Equal("ok", (await gateway.SendAsync(ask)).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A23_Silence_EndsAfterTenSeconds()
    {
        await using var ports = SimulatorFaultPorts.Open();
        var configuration = ConfigLoader.Load(new ConfigSources
        {
            BaseDirectory = "/srv/here", FilePath = "/srv/here/sluice.yaml",
            FileText = $$"""providers: [{ name: silent, kind: openai, base_url: "{{ports.Silent}}v1", api_keys: [key-of-s-0123456789] }]""",
        }).Snapshot!;
        var time = new ManualTimeProvider();
        await using var upstreams = new UpstreamClient(new UpstreamClientOptions());

        var asking = new Reachability(() => configuration, upstreams, time).CheckAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(
            new Reach("silent", "silent#1", "timeout", 0, "It did not answer in ten seconds.", "Check base_url of 'silent', and what lies between it and this machine."),
            Assert.Single(await asking) with { Milliseconds = 0 });
    }

    [Fact]
    public async Task A23_Check_NeedsTheAdminKey()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("providers: [{ name: a, kind: anthropic, base_url: \"{A}\", api_keys: [key-of-a-0123456789] }]");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/providers/check");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", gateway.Key);

        Assert.Equal(401, (await gateway.SendAsync(request)).Status);
    }

    private static async Task<List<JsonElement>> CheckAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/providers/check");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var answer = await gateway.SendAsync(request);
        Assert.True(answer.Status == 200, answer.Text);
        return [.. answer.Json.GetProperty("providers").EnumerateArray()];
    }
}
