using Sluice.Core.Affinity;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

public sealed class SessionKeeperTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ManualTimeProvider _time = new();
    private readonly ListedSessions _store = new();

    [Fact]
    public async Task F20_Restart_RestoresWhatIsStillWarm()
    {
        var before = new SessionAffinity(_time);
        await using (await SessionKeeper.OpenAsync(before, _store, _time, None))
        {
            before.Remember("short", "m", "a/up", "a#1", new CacheUse(5000, TimeSpan.FromMinutes(5), _time.GetUtcNow()));
            before.Remember("long", "m", "b/up", credential: null, new CacheUse(9000, TimeSpan.FromHours(1), _time.GetUtcNow()));
            before.Remember("long", "n", "c/up", "c#1");
        }

        _time.Advance(TimeSpan.FromMinutes(4));
        var after = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(after, _store, _time, None);

        Assert.Equal(("a/up", "a#1"), after.Find("short", "m"));
        Assert.Equal(new SessionHome("b/up", null, _time.GetUtcNow().AddMinutes(56), 9000), after.Home("long", "m"));
        Assert.Equal(("c/up", "c#1"), after.Find("long", "n"));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(after.Find("short", "m"));
        Assert.NotNull(after.Find("long", "m"));
    }

    [Fact]
    public async Task F20_Killed_HasLostOnlyWhatCameAfterTheLastStep()
    {
        var before = new SessionAffinity(_time);
        await using var killed = await SessionKeeper.OpenAsync(before, _store, _time, None);
        before.Remember("stored", "m", "a/up", "a#1");
        var written = _store.Written;
        _time.Advance(SessionKeeper.StoreDelay);
        await written;
        before.Remember("lost", "m", "a/up", "a#1");

        var after = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(after, _store, _time, None);

        Assert.Equal(TimeSpan.FromMilliseconds(100), SessionKeeper.StoreDelay);
        Assert.NotNull(after.Find("stored", "m"));
        Assert.Null(after.Find("lost", "m"));
    }

    [Fact]
    public async Task F20_StoreComesBack_TheMoveIsStoredWithoutAnotherChange()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, None);
        _store.IsAway = true;
        affinity.Remember("s", "m", "a/up", "a#1");
        _time.Advance(SessionKeeper.StoreDelay);
        Assert.Empty(_store.Rows);

        _store.IsAway = false;
        var written = _store.Written;
        _time.Advance(SessionKeeper.RetryDelay);
        await written;

        Assert.Single(_store.Rows);
    }

    [Fact]
    public async Task NothingChanges_NoTimerRuns()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, None);
        Assert.Equal(0, _time.PendingTimers);

        affinity.Remember("s", "m", "a/up", "a#1");
        affinity.Remember("t", "m", "a/up", "a#1");
        Assert.Equal(1, _time.PendingTimers);
        _time.Advance(SessionKeeper.StoreDelay);

        Assert.Equal((0, 1), (_time.PendingTimers, _store.Writes));
    }

    [Fact]
    public async Task Turns_OfOneSession_AreNotAWriteEach()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, None);
        for (var turn = 0; turn < 61; turn++)
        {
            affinity.Remember("s", "m", "a/up", "a#1");
            await keeper.FlushAsync(None);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // At its beginning, and each time it stays warm for half a minute longer.
        Assert.Equal(3, _store.Writes);
    }

    [Fact]
    public async Task Store_Away_KeepsTheChangesForLater()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, None);
        _store.IsAway = true;
        affinity.Remember("s", "m", "a/up", "a#1");
        affinity.Remember("t", "m", "a/up", "a#1");
        Assert.False(await keeper.FlushAsync(None));
        affinity.Remember("t", "m", "b/up", "b#1");
        _store.IsAway = false;

        Assert.True(await keeper.FlushAsync(None));
        Assert.Equal(["a/up", "b/up"], _store.Rows.Values.Select(r => r.Endpoint).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rows_OfAClockThatWasSetBack_AreNotKeptForEver()
    {
        var affinity = new SessionAffinity(_time);
        _store.Rows[(1, "m")] = new SessionRow(1, "m", "a/up", null, _time.GetUtcNow().AddDays(400), TimeSpan.FromHours(1), 0);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, None);

        affinity.Remember("s", "m", "a/up", "a#1");
        Assert.Single(affinity.TakeChanges());
    }

    private sealed class ListedSessions : ISessionStore
    {
        private volatile TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Dictionary<(UInt128 Session, string Model), SessionRow> Rows { get; } = [];

        public bool IsAway { get; set; }

        public int Writes { get; private set; }

        public Task Written => _written.Task;

        public Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<SessionRow>>([.. Rows.Values.Where(r => r.WarmUntil > now).OrderByDescending(r => r.WarmUntil).Take(most)]);

        public Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation)
        {
            if (IsAway)
            {
                return Task.FromResult(false);
            }

            foreach (var row in rows)
            {
                Rows[(row.Session, row.Model)] = row;
            }

            Writes++;
            _written.TrySetResult();
            return Task.FromResult(true);
        }
    }
}
