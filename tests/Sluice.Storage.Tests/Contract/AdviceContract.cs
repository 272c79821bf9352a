using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every ledger must answer for advice to be made of it. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class AdviceContract
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly DateOnly Today = new(2026, 11, 20);

    private protected abstract Task<IStoreUnderTest> OpenEmptyAsync();

    [Fact]
    public async Task I13_Untraced_IsWhatHasNeitherProjectNorSessionNorTags()
    {
        await using var store = await OpenEmptyAsync();
        var batch = new LedgerBatch();
        Add("nothing", cost: 100);
        Add("project", cost: 7, project: "shop");
        Add("session", cost: 5, session: "session-1");
        Add("tags", cost: 3, tags: "pipeline=nightly");
        Add("other", cost: 40, user: "dev2");
        Add("tags2", cost: 11, user: "dev3", tags: "pipeline=nightly");
        Add("early", cost: 1_000, day: -1);
        Add("early tags", cost: 1_000, day: -1, tags: "pipeline=nightly");
        await store.Sink.StoreAsync(batch, default, None);

        Assert.Equal([new("dev1", 100), new UntracedSpending("dev2", 40)], await store.Queries.UntracedSpendingAsync(Today, Today.AddDays(1), None));

        void Add(string id, long cost, string user = "dev1", string? project = null, string? session = null, string? tags = null, int day = 0)
        {
            var at = Records.Noon.AddDays(day);
            batch.Started.Add(Records.Start(id, id) with { User = user, Project = project, Session = session, StartedAt = at });
            batch.Settled.Add(Records.End(id) with { CostNanoUsd = cost });
            batch.Requests.Add(Records.Request(id) with { User = user, Project = project, Session = session, Tags = tags, StartedAt = at });
        }
    }

    [Fact]
    public async Task Untraced_OfTwoAttemptsOfATaggedRequest_IsNothing()
    {
        await using var store = await OpenEmptyAsync();
        var batch = new LedgerBatch();
        batch.Started.AddRange([Records.Start("a") with { Project = null, Session = null }, Records.Start("b", ordinal: 2) with { Project = null, Session = null }]);
        batch.Settled.AddRange([Records.Failure("a", ErrorKind.Timeout, cost: 5), Records.End("b")]);
        batch.Requests.Add(Records.Request("gen-1", attempts: 2) with { Project = null, Session = null });
        await store.Sink.StoreAsync(batch, default, None);

        Assert.Empty(await store.Queries.UntracedSpendingAsync(Today, Today.AddDays(1), None));
    }

    [Fact]
    public async Task I14_Attempts_AreThoseThatStartedWithinTheHours()
    {
        await using var store = await OpenEmptyAsync();
        var batch = new LedgerBatch();
        foreach (var (id, minutes) in new[] { ("before", -1), ("first", 0), ("last", 59), ("next hour", 60), ("later", 185) })
        {
            batch.Started.Add(Records.Start(id, id) with { StartedAt = Records.Noon.AddMinutes(minutes) });
            batch.Settled.Add(id == "last" ? Records.Failure(id, ErrorKind.Overloaded) : Records.End(id));
        }

        batch.Started.Add(Records.Start("running", "running"));
        await store.Sink.StoreAsync(batch, default, None);

        var found = await store.Queries.AttemptsAsync([Records.Noon.AddHours(3), Records.Noon], None);

        Assert.Equal(
            [
                new("first", Records.Noon, "anthropic", "anthropic/claude-sonnet-4.6", "answered"),
                new("last", Records.Noon.AddMinutes(59), "anthropic", "anthropic/claude-sonnet-4.6", "overloaded"),
                new AttemptGlimpse("later", Records.Noon.AddMinutes(185), "anthropic", "anthropic/claude-sonnet-4.6", "answered"),
            ],
            found.OrderBy(attempt => attempt.StartedAt));
        Assert.Empty(await store.Queries.AttemptsAsync([], None));
    }

    [Fact]
    public async Task Attempts_OfManyBatchesALittleOutOfOrder_AreAllFound()
    {
        await using var store = await OpenEmptyAsync();
        var random = new Random(20261120);
        var starts = new List<DateTimeOffset>();
        for (var batchAt = 0; batchAt < 200; batchAt++)
        {
            var batch = new LedgerBatch();
            for (var i = 0; i < 25; i++)
            {
                // Twenty minutes a batch; each call up to four minutes before or after its place.
                var at = Records.Noon.AddSeconds((batchAt * 1200) + (i * 48) + random.Next(-240, 240));
                starts.Add(at);
                batch.Started.Add(Records.Start($"att-{batchAt}-{i}", $"gen-{batchAt}-{i}") with { StartedAt = at });
                batch.Settled.Add(Records.End($"att-{batchAt}-{i}"));
            }

            await store.Sink.StoreAsync(batch, default, None);
        }

        for (var hour = -1; hour < 68; hour += 3)
        {
            var since = Records.Noon.AddHours(hour);

            Assert.Equal(
                starts.Where(start => start >= since && start < since.AddHours(1)).Order(),
                (await store.Queries.AttemptsAsync([since], None)).Select(attempt => attempt.StartedAt).Order());
        }
    }

    [Fact]
    public async Task Attempts_OfAnEmptyStore_AreNone()
    {
        await using var store = await OpenEmptyAsync();

        Assert.Empty(await store.Queries.AttemptsAsync([Records.Noon], None));
    }
}
