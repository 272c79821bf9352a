using Sluice.Core.Ledger;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>A store to be held against the contract.</summary>
internal interface IStoreUnderTest : IAsyncDisposable
{
    ILedgerSink Sink { get; }

    ILedgerQueries Queries { get; }
}

/// <summary>What every store must do, whatever it is made of. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class StoreContract
{
    private static readonly JournalPosition Somewhere = new(3, 4711);
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<IStoreUnderTest> OpenEmptyAsync();

    [Fact]
    public async Task F29_Store_TheSameBatchTwice_ChangesNothing()
    {
        await using var store = await OpenEmptyAsync();
        for (var i = 0; i < 2; i++)
        {
            await store.Sink.StoreAsync(Batch([Records.Start("a"), Records.Start("open")], [Records.End("a")], [Records.Request("gen-1"), Records.Request("gen-refused", attempts: 0)]), Somewhere, None);
        }

        var row = Assert.Single((await store.Queries.ReportAsync(Query(), None)).Rows);
        Assert.Equal((2, 1, 1_234_567), (row.Requests, row.Attempts, row.CostNanoUsd));
        Assert.Equal(Somewhere, await store.Sink.ReadPositionAsync(None));
    }

    [Fact]
    public async Task Position_OfAnEmptyStore_IsBeforeTheFirstSegment()
    {
        await using var store = await OpenEmptyAsync();

        Assert.Equal(default, await store.Sink.ReadPositionAsync(None));
    }

    [Fact]
    public async Task Store_EndWithoutStart_IsCountedAsOrphan()
    {
        await using var store = await OpenEmptyAsync();

        Assert.Equal(1, await store.Sink.StoreAsync(Batch([], [Records.End("nobody")], []), Somewhere, None));
        Assert.Empty((await store.Queries.ReportAsync(Query(), None)).Rows);
    }

    [Fact]
    public async Task Store_EndInALaterBatch_CompletesTheRow()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(Batch([Records.Start("a")], [], []), Somewhere, None);
        Assert.Null(Assert.Single((await store.Queries.FindRequestAsync("gen-1", None))!.Attempts).Settled);

        Assert.Equal(0, await store.Sink.StoreAsync(Batch([], [Records.End("a")], []), Somewhere, None));

        Assert.Equal(new AttemptTrail(Records.Start("a"), Records.End("a")), Assert.Single((await store.Queries.FindRequestAsync("gen-1", None))!.Attempts));
        Assert.Equal(1_234_567, Assert.Single((await store.Queries.ReportAsync(Query(), None)).Rows).CostNanoUsd);
    }

    [Fact]
    public async Task UnknownModels_AreCountedByName_AndOnlyThoseOfTheClientsMaking()
    {
        await using var store = await OpenEmptyAsync();
        var row = Records.Request("gen-1", attempts: 0) with { RequestedModel = "x/codr", Model = null, Error = ErrorKind.ModelNotFound, ErrorSource = ErrorSource.Client };
        RequestSettled[] rows =
        [
            row with { RequestedModel = "x/rare" }, row with { RequestId = "gen-2" }, row with { RequestId = "gen-3" },
            row with { RequestId = "gen-4", StartedAt = Records.Noon.AddDays(-8) },
            row with { RequestId = "gen-5", ErrorSource = ErrorSource.Provider },
            row with { RequestId = "gen-6", Error = null, ErrorSource = null },
        ];
        await store.Sink.StoreAsync(Batch([], [], rows), Somewhere, None);

        Assert.Equal([new UnknownModel("x/codr", 2), new UnknownModel("x/rare", 1)], await store.Queries.UnknownModelsAsync(Records.Noon.AddDays(-7), None));
    }

    [Fact]
    public async Task Store_Iterations_ComeBack()
    {
        await using var store = await OpenEmptyAsync();
        var iterations = new[]
        {
            new UsageIteration("message", null, new TokenUsage { Input = 1, Output = 2 }),
            new UsageIteration("compaction", "claude-haiku", new TokenUsage { CacheRead = 3, CacheWrite1h = 4, WebSearches = 5 }),
        };
        var end = Records.End("a") with { Usage = new TokenUsage { Iterations = iterations, IsAnomalous = true } };
        await store.Sink.StoreAsync(Batch([Records.Start("a")], [end], []), Somewhere, None);

        var usage = Assert.Single((await store.Queries.FindRequestAsync("gen-1", None))!.Attempts).Settled!.Usage;

        Assert.Equal(iterations, usage.Iterations);
        Assert.True(usage.IsAnomalous);
        Assert.Null(usage.Input);
    }

    [Fact]
    public async Task Store_UnitsOfMedia_ComeBack()
    {
        await using var store = await OpenEmptyAsync();
        var media = new MediaUsage { Images = 2, Size = "1024x1024", Quality = "hd", ImageInput = 3, ImageOutput = 4, AudioMilliseconds = 5, VideoMilliseconds = 6, Characters = 7, IsEstimated = true };
        await store.Sink.StoreAsync(Batch([Records.Start("a")], [Records.End("a") with { Usage = new TokenUsage { Media = media } }], []), Somewhere, None);

        Assert.Equal(media, Assert.Single((await store.Queries.FindRequestAsync("gen-1", None))!.Attempts).Settled!.Usage.Media);
    }

    [Fact]
    public async Task F26_Store_NegativeCounts_NeverCreditMoney()
    {
        await using var store = await OpenEmptyAsync();
        var end = Records.End("a") with { CostNanoUsd = -5, Usage = new TokenUsage { Input = -7 } };
        await store.Sink.StoreAsync(Batch([Records.Start("a")], [end], []), Somewhere, None);

        var row = Assert.Single((await store.Queries.ReportAsync(Query(), None)).Rows);
        Assert.Equal((0, 0), (row.CostNanoUsd, row.Input));
    }

    [Fact]
    public async Task Report_ByCause_SplitsWhatAnsweredFromWhatWasWasted()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(
            Batch(
                [Records.Start("a"), Records.Start("b", ordinal: 2), Records.Start("c", "gen-2")],
                [Records.Failure("a", ErrorKind.Overloaded, cost: 7), Records.End("b"), Records.End("c") with { Outcome = AttemptOutcome.ClientGone, CostNanoUsd = 11 }],
                []),
            Somewhere,
            None);

        var all = await store.Queries.ReportAsync(Query(ReportDimension.Cause), None);
        var waste = await store.Queries.ReportAsync(Query() with { WasteOnly = true }, None);

        Assert.Equal([("answered", 0L, 1_234_567L), ("client_gone", 1L, 11L), ("overloaded", 1L, 7L)], all.Rows.Select(row => (row.Keys[0]!, row.Requests, row.CostNanoUsd)));
        Assert.Equal((2, 18), (waste.Rows[0].Attempts, waste.Rows[0].CostNanoUsd));
    }

    [Fact]
    public async Task Report_EveryBucket_IsSummedInItsOwnColumn()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(Batch([Records.Start("a"), Records.Start("b")], [Records.End("a"), Records.End("b") with { IsUnpriced = true, UsageIsEstimated = true }], []), Somewhere, None);

        var row = Assert.Single((await store.Queries.ReportAsync(Query(ReportDimension.User), None)).Rows);

        Assert.Equal(
            (20L, 400L, 60L, 8L, 100L, 12L, 14L, 16L, 2L, 2_469_134L, 1L, 1L),
            (row.Input, row.CacheRead, row.CacheWrite5m, row.CacheWrite1h, row.Output, row.Reasoning, row.AudioInput, row.AudioOutput, row.WebSearches, row.CostNanoUsd, row.Estimated, row.Unpriced));
    }

    [Theory]
    [InlineData("")]
    [InlineData("User")]
    [InlineData("Team,Project")]
    [InlineData("Model,Provider")]
    [InlineData("Session")]
    [InlineData("Day")]
    [InlineData("Client,Day,Cause")]
    [InlineData("Session,User")]
    [InlineData("Key,Session,Day")]
    [InlineData("Week")]
    [InlineData("Provider,Week,Day")]
    [InlineData("Hour,Cause")]
    [InlineData("Hour,Week,Day,Session")]
    public async Task Report_OverRaggedTimes_EqualsTheSumOfTheRows(string by)
    {
        await using var store = await OpenEmptyAsync();
        var random = new Random(20261121);
        var batch = new LedgerBatch();
        for (var i = 0; i < 600; i++)
        {
            batch.Started.Add(Records.Start($"att-{i}", $"gen-{i}") with
            {
                StartedAt = Records.Noon.AddMinutes(random.Next(-5 * 24 * 60, 5 * 24 * 60)),
                User = "dev" + random.Next(4),
                Team = random.Next(3) == 0 ? null : "team" + random.Next(2),
                Project = random.Next(3) == 0 ? null : "project" + random.Next(2),
                Session = random.Next(3) == 0 ? null : "session" + random.Next(9),
                Client = random.Next(3) == 0 ? null : "client" + random.Next(2),
                Model = "model" + random.Next(3),
                Provider = "provider" + random.Next(2),
                KeyId = "key" + random.Next(3),
            });
            var end = random.Next(4) == 0 ? Records.Failure($"att-{i}", (ErrorKind)random.Next(5)) : Records.End($"att-{i}");
            batch.Settled.Add(end with { CostNanoUsd = random.Next(1_000_000) });
        }

        await store.Sink.StoreAsync(batch, Somewhere, None);
        var dimensions = by.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Enum.Parse<ReportDimension>).ToList();

        // From inside a day to inside a day, within one day, whole days, and the other way round at midnight.
        foreach (var (since, until, waste) in new[] { (-71, 49, false), (1, 5, false), (-36, 36, false), (-36, -12, false), (-13, -11, false), (-71, 49, true), (-36, 36, true), (-500, 500, false), (-900, 83, true), (-83, 900, false), (-900, 11, false) })
        {
            var query = new ReportQuery(dimensions, Records.Noon.AddHours(since), Records.Noon.AddHours(until)) { WasteOnly = waste };
            var expected = batch.Started.Zip(batch.Settled)
                .Where(pair => pair.First.StartedAt >= query.Since && pair.First.StartedAt < query.Until && !(waste && pair.Second.Outcome == AttemptOutcome.Succeeded))
                .GroupBy(pair => string.Join('|', dimensions.Select(dimension => KeyOf(dimension, pair.First, pair.Second))))
                .Select(group => (group.Key, Attempts: (long)group.Count(), Cost: group.Sum(pair => pair.Second.CostNanoUsd)))
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .ToList();

            var report = await store.Queries.ReportAsync(query, None);

            Assert.NotEmpty(expected);
            Assert.Equal(expected, report.Rows.Select(row => (Key: string.Join('|', row.Keys), row.Attempts, Cost: row.CostNanoUsd)).OrderBy(row => row.Key, StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public async Task Report_OfMoreSessionsThanAllowed_ShowsTheDearestWhole(int days)
    {
        await using var store = await OpenEmptyAsync();
        var random = new Random(7);
        var batch = new LedgerBatch();
        for (var i = 0; i < 400; i++)
        {
            batch.Started.Add(Records.Start($"att-{i}", $"gen-{i}") with
            {
                StartedAt = Records.Noon.AddHours(random.Next(-100, 100)), Session = i % 40 == 0 ? null : "session" + random.Next(30), Model = "model" + random.Next(3),
            });
            batch.Settled.Add(Records.End($"att-{i}") with { CostNanoUsd = random.Next(1_000_000) });
        }

        await store.Sink.StoreAsync(batch, Somewhere, None);
        var query = new ReportQuery([ReportDimension.Session], Records.Noon.AddHours(-99), Records.Noon.AddHours(99 + (days * 24))) { MaxRows = 7 };
        var expected = batch.Started.Zip(batch.Settled)
            .Where(pair => pair.First.StartedAt >= query.Since && pair.First.StartedAt < query.Until)
            .GroupBy(pair => pair.First.Session)
            .Select(group => (Session: group.Key, Attempts: (long)group.Count(), Input: group.Sum(pair => pair.Second.Usage.Input ?? 0), Cost: group.Sum(pair => pair.Second.CostNanoUsd)))
            .OrderByDescending(group => group.Cost)
            .Take(7);

        var report = await store.Queries.ReportAsync(query, None);

        Assert.True(report.Truncated);
        Assert.Equal(expected, report.Rows.Select(row => (Session: row.Keys[0], row.Attempts, row.Input, Cost: row.CostNanoUsd)));
    }

    [Fact]
    public async Task Report_OfMoreRowsThanAllowed_SaysSo()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(
            Batch([.. Enumerable.Range(0, 3).Select(i => Records.Start($"a{i}") with { User = $"dev{i}" })], [.. Enumerable.Range(0, 3).Select(i => Records.End($"a{i}") with { CostNanoUsd = i })], []),
            Somewhere,
            None);

        var report = await store.Queries.ReportAsync(Query(ReportDimension.User) with { MaxRows = 2 }, None);

        Assert.True(report.Truncated);
        Assert.Equal(["dev2", "dev1"], report.Rows.Select(row => row.Keys[0]));
    }

    [Fact]
    public async Task Find_AnUnknownRequest_IsNull()
    {
        await using var store = await OpenEmptyAsync();

        Assert.Null(await store.Queries.FindRequestAsync("gen-nobody", None));
    }

    [Fact]
    public async Task F38_Find_AnIdWithSql_IsOnlyAnId()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(Batch([], [], [Records.Request("gen-1")]), Somewhere, None);

        Assert.Null(await store.Queries.FindRequestAsync("x' OR '1'='1", None));
        Assert.NotNull(await store.Queries.FindRequestAsync("gen-1", None));
    }

    [Fact]
    public async Task List_PageByPage_IsEveryRequestOnceTheNewestFirst()
    {
        await using var store = await OpenEmptyAsync();
        await store.Sink.StoreAsync(
            Batch(
                [Records.Start("a", "gen-1"), Records.Start("b", "gen-1", ordinal: 2) with { Provider = "second" }],
                [Records.Failure("a", ErrorKind.Overloaded, cost: 7), Records.End("b") with { CostNanoUsd = 11, IsUnpriced = true }],
                [.. Enumerable.Range(1, 5).Select(i => Records.Request($"gen-{i}", attempts: 0))]),
            Somewhere,
            None);

        var pages = new List<RequestList>();
        long? before = null;
        do
        {
            pages.Add(await store.Queries.ListRequestsAsync(new RequestListQuery(2, before), None));
            before = pages[^1].Next;
        }
        while (before is not null);

        Assert.Equal([2, 2, 1], pages.Select(page => page.Lines.Count));
        Assert.Equal(["gen-5", "gen-4", "gen-3", "gen-2", "gen-1"], pages.SelectMany(page => page.Lines).Select(line => line.Request.RequestId));
        Assert.Equal(new RequestLine(Records.Request("gen-1", attempts: 0), "second", 18, 1), pages[2].Lines[0]);
        Assert.Equal((null, 0L), (pages[0].Lines[0].Provider, pages[0].Lines[0].CostNanoUsd));
    }

    [Fact]
    public async Task List_OfFailuresAlone_GoesOnWhereItStoppedLooking()
    {
        await using var store = await OpenEmptyAsync();
        var answered = Records.Request("gen") with { Status = 200, Error = null, ErrorSource = null };
        await store.Sink.StoreAsync(
            Batch([], [], [answered with { RequestId = "gen-old", Error = ErrorKind.Timeout }, .. Enumerable.Range(0, 20_500).Select(i => answered with { RequestId = $"gen-{i}" })]),
            Somewhere,
            None);

        var first = await store.Queries.ListRequestsAsync(new RequestListQuery(50, FailedOnly: true), None);
        var second = await store.Queries.ListRequestsAsync(new RequestListQuery(50, first.Next, FailedOnly: true), None);

        Assert.Empty(first.Lines);
        Assert.Equal("gen-old", Assert.Single(second.Lines).Request.RequestId);
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task List_OfAnEmptyStore_IsEmptyAndHasNoNext()
    {
        await using var store = await OpenEmptyAsync();

        var list = await store.Queries.ListRequestsAsync(new RequestListQuery(50), None);

        Assert.Empty(list.Lines);
        Assert.Null(list.Next);
    }

    private static ReportQuery Query(params ReportDimension[] by) => new(by, Records.Noon.AddDays(-1), Records.Noon.AddDays(1));

    private static LedgerBatch Batch(IEnumerable<AttemptStarted> started, IEnumerable<AttemptSettled> settled, IEnumerable<RequestSettled> requests)
    {
        var batch = new LedgerBatch();
        batch.Started.AddRange(started);
        batch.Settled.AddRange(settled);
        batch.Requests.AddRange(requests);
        return batch;
    }

    private static string? KeyOf(ReportDimension dimension, AttemptStarted start, AttemptSettled end) => dimension switch
    {
        ReportDimension.User => start.User,
        ReportDimension.Team => start.Team,
        ReportDimension.Project => start.Project,
        ReportDimension.Model => start.Model,
        ReportDimension.Session => start.Session,
        ReportDimension.Client => start.Client,
        ReportDimension.Provider => start.Provider,
        ReportDimension.Key => start.KeyId,
        ReportDimension.Day => start.StartedAt.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
        ReportDimension.Hour => start.StartedAt.ToString("yyyy-MM-dd HH':00'", System.Globalization.CultureInfo.InvariantCulture),
        // All of it lies between these Mondays: the 15th to the 25th of November 2026.
        ReportDimension.Week => start.StartedAt < new DateTimeOffset(2026, 11, 16, 0, 0, 0, TimeSpan.Zero) ? "2026-11-09" : start.StartedAt < new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero) ? "2026-11-16" : "2026-11-23",
        _ => end.Outcome == AttemptOutcome.Succeeded ? "answered" : new[] { "invalid_request", "authentication", "permission", "credits", "model_not_found" }[(int)end.Fault!.Value],
    };
}
