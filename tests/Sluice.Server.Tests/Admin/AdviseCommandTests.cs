using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Server.Admin;
using Sluice.Server.Diagnosis;
using Sluice.Testing;

namespace Sluice.Server.Tests.Admin;

/// <summary><c>sluice advise</c> over a real ledger of four planted weeks: its whole output to the letter, and its numbers by hand.</summary>
[Collection(nameof(CommandTests))]
public sealed class AdviseCommandTests : IAsyncLifetime
{
    private const long Cent = 10_000_000;

    private readonly AdminHost _host = new() { Time = new ManualTimeProvider(new DateTimeOffset(2026, 11, 20, 15, 30, 0, TimeSpan.Zero)) };
    private int _requests;

    public async ValueTask InitializeAsync() => await _host.InitializeAsync();

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task I12_I13_I14_WholeOutput_OfFourPlantedWeeks_IsAsApproved()
    {
        await PlantAsync();

        var (code, output, error) = await RunAsync();

        Assert.Equal((0, ""), (code, error));
        var difference = ApprovedPage.Difference("tests/Sluice.Server.Tests/Admin/advise.txt", string.Join('\n', output.ReplaceLineEndings("\n").Split('\n').Select(line => line.TrimEnd())));
        Assert.True(difference is null, difference);
    }

    [Fact]
    public async Task I12_I13_I14_I92_Numbers_AreThoseThatWerePlanted()
    {
        await PlantAsync();

        using var document = JsonDocument.Parse((await RunAsync("--json")).Output);
        var answer = document.RootElement;

        Assert.Equal(("2026-10-24", "2026-11-21", 4), (answer.GetProperty("since").GetString(), answer.GetProperty("until").GetString(), answer.GetProperty("weeks").GetInt32()));
        Assert.Equal(["set_limits"], answer.GetProperty("verdicts").EnumerateArray().Select(verdict => verdict.GetProperty("advice").GetString()));

        var limit = Assert.Single(answer.GetProperty("recurring_limits").EnumerateArray());
        Assert.Equal(("a", "rate_limit", 24, 139), (limit.GetProperty("provider").GetString(), limit.GetProperty("cause").GetString(), limit.GetProperty("refused").GetInt32(), limit.GetProperty("calls").GetInt32()));

        // From 09:00 to 09:03 on November 19: answered elsewhere, nobody asked, answered elsewhere, failed.
        var outages = answer.GetProperty("outages");
        Assert.Equal((4, 2, 1), (outages.GetProperty("minutes").GetInt32(), outages.GetProperty("bridged").GetInt32(), outages.GetProperty("passed").GetInt32()));

        // 24 refusals and two failures that another answered, one that failed twice.
        var errors = answer.GetProperty("errors");
        Assert.Equal((139, 138, 26, 1), (errors.GetProperty("requests").GetInt32(), errors.GetProperty("answered").GetInt32(), errors.GetProperty("absorbed").GetInt32(), errors.GetProperty("passed").GetInt32()));

        // 112 times 25 cents with a project, 24 times 50 without anything: 28 and 12 dollars.
        var spend = answer.GetProperty("spend");
        Assert.Equal((4_000 * Cent, 1_200 * Cent, 30.0m), (spend.GetProperty("cost_nano_usd").GetInt64(), spend.GetProperty("unexplained_nano_usd").GetInt64(), spend.GetProperty("unexplained_percent").GetDecimal()));
        Assert.Equal("dev2", Assert.Single(spend.GetProperty("who").EnumerateArray()).GetProperty("user").GetString());
    }

    [Theory]
    [InlineData("3d")]
    [InlineData("60w")]
    [InlineData("yesterday")]
    public async Task Since_ThatIsNoWholeWeeks_IsBadUsage(string since)
    {
        var (code, output, error) = await RunAsync("--since", since);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("'since' is ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Advice_FromMoreSumsThanAreRead_IsRefusedRatherThanWrong()
    {
        await PlantAsync();

        var span = AdviceSpan.Between(At("2026-10-23 15:30"), At("2026-11-20 15:30"));
        var refused = await Assert.ThrowsAsync<BadInputException>(() => AdviceReader.ReadAsync(_host.Ledger, span, TestContext.Current.CancellationToken, mostRows: 5));

        Assert.Equal("The ledger has more than 5 sums for these 4 weeks; ask for fewer weeks with 'since'.", refused.Message);
    }

    private async Task PlantAsync()
    {
        for (var day = 0; day < 28; day++)
        {
            for (var i = 0; i < 4; i++)
            {
                await AskAsync(At("2026-10-24 10:00").AddDays(day).AddMinutes(i), "dev1", "shop", 25 * Cent, ("a", null));
            }
        }

        foreach (var monday in (string[])["2026-10-26 13:00", "2026-11-02 13:00", "2026-11-09 13:00", "2026-11-16 13:00"])
        {
            for (var i = 0; i < 6; i++)
            {
                await AskAsync(At(monday).AddSeconds(i), "dev2", null, 50 * Cent, ("a", ErrorKind.RateLimit), ("b", null));
            }
        }

        await AskAsync(At("2026-11-19 09:00"), "dev1", "shop", 0, ("a", ErrorKind.Overloaded), ("b", null));
        await AskAsync(At("2026-11-19 09:02"), "dev1", "shop", 0, ("a", ErrorKind.Overloaded), ("b", null));
        await AskAsync(At("2026-11-19 09:03"), "dev1", "shop", 0, ("a", ErrorKind.Overloaded), ("b", ErrorKind.Timeout));
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.ParseExact(time, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>One request as the ledger keeps it; only what answers costs anything.</summary>
    private async Task AskAsync(DateTimeOffset at, string user, string? project, long cost, params (string Provider, ErrorKind? Fault)[] attempts)
    {
        var request = $"gen-{++_requests}";
        foreach (var ((provider, fault), ordinal) in attempts.Select((attempt, at) => (attempt, at + 1)))
        {
            var id = $"att-{_requests}-{ordinal}";
            await _host.Ledger.AppendAsync(new AttemptStarted
            {
                AttemptId = id, RequestId = request, Ordinal = ordinal, StartedAt = at.AddSeconds(ordinal - 1), KeyId = "key-" + user, User = user, Project = project,
                Model = "x/coder", Provider = provider, UpstreamModel = "m", ClientProtocol = WireProtocol.OpenAIChat, UpstreamProtocol = WireProtocol.OpenAIChat, EstimatedInputTokens = 1,
            });
            await _host.Ledger.AppendAsync(new AttemptSettled
            {
                AttemptId = id, EndedAt = at.AddSeconds(ordinal), Outcome = fault is null ? AttemptOutcome.Succeeded : AttemptOutcome.Failed, Fault = fault,
                Usage = new TokenUsage { Input = 1, Output = 1 }, CostNanoUsd = fault is null ? cost : 0,
            });
        }

        await _host.Ledger.AppendAsync(new RequestSettled
        {
            RequestId = request, StartedAt = at, EndedAt = at.AddSeconds(attempts.Length), KeyId = "key-" + user, User = user, Project = project, RequestedModel = "x/coder", Model = "x/coder",
            ClientProtocol = WireProtocol.OpenAIChat, Status = attempts[^1].Fault is null ? 200 : 502, Error = attempts[^1].Fault, Attempts = attempts.Length,
        });
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => CapturedConsole.RunAsync(() =>
        CommandTree.RunAsync(CommandTree.Build(new Command("serve")), ["advise", .. arguments, "--url", _host.Url.ToString(), "--admin-key", AdminHost.AdminKey]));
}
