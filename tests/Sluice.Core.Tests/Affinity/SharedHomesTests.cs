using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Sluice.Core.Affinity;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Affinity;

/// <summary>Homes that other nodes learnt.</summary>
public sealed class SharedHomesTests
{
    private static readonly TimeSpan Five = TimeSpan.FromMinutes(5);

    private readonly ManualTimeProvider _time = new();
    private readonly OthersStore _store = new();

    [Fact]
    public void Adopt_OfTwoHomes_KeepsTheOneUsedLast_WhicheverStaysWarmLonger()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", "a#1", new CacheUse(10, TimeSpan.FromHours(1), _time.GetUtcNow()));
        var earlier = Row("s", "m", "b/up", _time.GetUtcNow() - TimeSpan.FromSeconds(1), Five);
        affinity.Adopt([earlier]);
        Assert.Equal(("a/up", "a#1"), affinity.Find("s", "m"));

        _time.Advance(TimeSpan.FromSeconds(10));
        affinity.Adopt([Row("s", "m", "b/up", _time.GetUtcNow(), Five)]);
        Assert.Equal(("b/up", null), affinity.Find("s", "m"));

        // The store has it from who told of it.
        Assert.DoesNotContain(affinity.TakeChanges(), row => row.Endpoint == "b/up");
    }

    [Fact]
    public void Adopt_OfAMove_IsNotTakenBackByAnAnswerFromBefore()
    {
        var affinity = new SessionAffinity(_time);
        affinity.Remember("s", "m", "a/up", null, new CacheUse(10, Five, _time.GetUtcNow()));
        var sentBefore = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromSeconds(1));
        affinity.Adopt([Row("s", "m", "b/up", _time.GetUtcNow(), Five)]);
        _time.Advance(TimeSpan.FromSeconds(1));

        affinity.Remember("s", "m", "a/up", null, new CacheUse(10, Five, sentBefore));

        Assert.Equal(("b/up", null), affinity.Find("s", "m"));
    }

    [Fact]
    public void Adopt_OfWhatIsColdOrImpossible_ChangesNothing()
    {
        var affinity = new SessionAffinity(_time);

        affinity.Adopt([Row("s", "m", "a/up", _time.GetUtcNow() - Five, Five), Row("s", "n", "a/up", _time.GetUtcNow().AddDays(9), Five), Row("s", "o", new string('x', 9999), _time.GetUtcNow(), Five)]);

        Assert.False(affinity.Knows("s"));
    }

    [Fact]
    public async Task Ready_OfAnUnknownSession_AsksTheStoreOnce_AndHearsOfItLater()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, CancellationToken.None);
        _store.Rows.Add(Row("s", "m", "a/up", _time.GetUtcNow(), Five));

        await affinity.ReadyAsync("s");
        Assert.Equal(("a/up", null), affinity.Find("s", "m"));
        await affinity.ReadyAsync("unknown");
        await affinity.ReadyAsync("unknown");
        await affinity.ReadyAsync("s");
        Assert.Equal(2, _store.Asked);

        _store.Heard!([Row("unknown", "m", "b/up", _time.GetUtcNow(), Five)]);
        Assert.Equal(("b/up", null), affinity.Find("unknown", "m"));
    }

    [Fact]
    public async Task Ready_OfAStoreThatHearsNoCancelling_WaitsTwentyMilliseconds()
    {
        var affinity = new SessionAffinity(_time);
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, CancellationToken.None);
        _store.Hangs = true;

        var ready = affinity.ReadyAsync("s");
        _time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.False(ready.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await ready;

        Assert.False(affinity.Knows("s"));
    }

    [Fact]
    public async Task Ready_WithoutOtherNodes_AsksNobody()
    {
        var affinity = new SessionAffinity(_time);
        _store.HasOthers = false;
        await using var keeper = await SessionKeeper.OpenAsync(affinity, _store, _time, CancellationToken.None);

        await affinity.ReadyAsync("s");

        Assert.Equal(0, _store.Asked);
    }

    private static SessionRow Row(string session, string model, string endpoint, DateTimeOffset usedAt, TimeSpan lifetime) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(session))), model, endpoint, null, usedAt + lifetime, lifetime, 0);

    private sealed class OthersStore : ISessionStore
    {
        public List<SessionRow> Rows { get; } = [];

        public Action<IReadOnlyList<SessionRow>>? Heard { get; private set; }

        public int Asked { get; private set; }

        public bool Hangs { get; set; }

        public bool IsShared => true;

        public bool HasOthers { get; set; } = true;

        public Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SessionRow>>([]);

        public Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation) => Task.FromResult(true);

        public async Task<IReadOnlyList<SessionRow>> FindAsync(UInt128 session, CancellationToken cancellation)
        {
            Asked++;
            if (Hangs)
            {
                await new TaskCompletionSource().Task;
            }

            return [.. Rows.Where(row => row.Session == session)];
        }

        public void Follow(Action<IReadOnlyList<SessionRow>> heard) => Heard = heard;
    }
}
