using System.Net;
using Sluice.Server.Admin;
using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Admin;

/// <summary>Guessing the admin key is bounded; being wrong in the same way for a long time is not guessing.</summary>
public sealed class WrongKeysTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void TenDifferentKeys_StopThisAddressAloneUntilTheMinuteEnds()
    {
        var wrong = new WrongKeys(_time);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(TimeSpan.Zero, wrong.WaitOf(One));
            wrong.Add(One, $"guess-{i}");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(50), wrong.WaitOf(One));
        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(Other));
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(One));
    }

    [Fact]
    public void TheSameWrongKey_HoweverOften_StopsNobody()
    {
        var wrong = new WrongKeys(_time);
        for (var i = 0; i < 1000; i++)
        {
            wrong.Add(One, "yesterday's key");
        }

        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(One));
    }

    [Fact]
    public void ManyAddresses_ForgetTheOldestOnly()
    {
        var wrong = new WrongKeys(_time);
        for (var address = 0; address <= 4096; address++)
        {
            for (var guess = 0; guess < 10; guess++)
            {
                wrong.Add(new IPAddress(address + 1), $"guess-{guess}");
            }
        }

        Assert.Equal(TimeSpan.Zero, wrong.WaitOf(new IPAddress(1)));
        Assert.Equal(TimeSpan.FromMinutes(1), wrong.WaitOf(new IPAddress(2)));
        Assert.Equal(TimeSpan.FromMinutes(1), wrong.WaitOf(new IPAddress(4097)));
    }

    [Fact]
    public async Task A22_AdminApi_AfterTenGuesses_RefusesEvenTheRightKeyForAMinute()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("providers: [{ name: a, kind: anthropic, base_url: \"{A}\" }]", time: _time);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(401, (await AskAsync(gateway, $"guess-number-{i}")).Status);
        }

        var refused = await AskAsync(gateway, GatewayUnderTest.AdminKey);
        Assert.Equal((429, "60"), (refused.Status, refused.Header("retry-after")));
        Assert.Contains("within a minute", refused.Text, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await AskAsync(gateway, GatewayUnderTest.AdminKey)).Status);
    }

    private static async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/status");
        request.Headers.Add("x-api-key", key);
        return await gateway.SendAsync(request);
    }
}
