using Sluice.Core.Reasoning;
using Sluice.Protocols.Conversation;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Reasoning;

/// <summary>Turns that other nodes keep in the same store.</summary>
public sealed class SharedThinkingTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTimeProvider _time = new();
    private readonly SharedListStore _store = new();

    [Fact]
    public async Task F06_Turn_ThatAnotherNodeToldOf_IsReadAheadAndFound()
    {
        await using var a = await OpenAsync();
        await using var b = await OpenAsync();
        a.Remember("anna", 1, Kept("a"));
        await a.StoredAsync("anna");
        _store.Tell(new ReasoningNews([Row("anna", 1)], [], []));

        Assert.True(b.Knows("anna"));
        await b.ReadyAsync("anna", [1, 2], [], None);
        Assert.Equal("a", Assert.Single(b.Find("anna", 1)).Part.Text);
        Assert.Equal(1, _store.Asked);
        await b.ReadyAsync("anna", [1, 2], [], None);
        Assert.Equal(1, _store.Asked);
    }

    [Fact]
    public async Task F06_NewestTurn_ThatNobodyToldOfYet_IsAskedFor_OnlyWhereThereAreOthers()
    {
        await using var a = await OpenAsync();
        await using var b = await OpenAsync();
        a.Remember("anna", 1, Kept("a"));
        await a.StoredAsync("anna");

        _store.HasOthers = false;
        await b.ReadyAsync("anna", [1], [1], None);
        Assert.Equal(0, _store.Asked);
        _store.HasOthers = true;
        Assert.True(b.ReadsAhead("anna"));
        await b.ReadyAsync("anna", [1], [1], None);
        Assert.Equal("a", Assert.Single(b.Find("anna", 1)).Part.Text);
    }

    [Fact]
    public async Task Stored_OfAStoreThatHangs_EndsAfterItsPatience_AndTheTurnIsStoredLater()
    {
        await using var memory = await OpenAsync();
        _store.Hangs = true;
        memory.Remember("anna", 1, Kept("a"));

        var stored = memory.StoredAsync("anna");
        _time.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(stored.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await stored;

        _store.Hangs = false;
        _store.Released.SetResult();
        Assert.True(await memory.FlushAsync(None));
        Assert.True(_store.Has("anna", 1));
    }

    [Fact]
    public async Task Heard_ThatItIsGone_IsForgotten_AndWhatIsProlongedElsewhereIsNotDeletedHere()
    {
        await using var memory = await OpenAsync();
        memory.Remember("anna", 1, Kept("a"));
        memory.Remember("anna", 2, Kept("b"));
        await memory.FlushAsync(None);

        _store.Tell(new ReasoningNews([], [], [("anna", 2)]));
        Assert.Empty(memory.Find("anna", 2));

        _time.Advance(TimeSpan.FromHours(23));
        _store.Tell(new ReasoningNews([], [Row("anna", 1)], []));
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Single(memory.Find("anna", 1));
    }

    [Fact]
    public async Task Heard_WhileOnesOwnIsNotStoredYet_OnesOwnCounts()
    {
        await using var memory = await OpenAsync();
        _store.IsAway = true;
        memory.Remember("anna", 1, Kept("mine"));

        _store.Tell(new ReasoningNews([Row("anna", 1)], [], [("anna", 1)]));

        Assert.Equal("mine", Assert.Single(memory.Find("anna", 1)).Part.Text);
    }

    private Task<ReasoningMemory> OpenAsync() => ReasoningMemory.OpenAsync(_store, new ReasoningMemoryOptions { SharedStoreDelay = TimeSpan.FromHours(1) }, _time, None);

    private ReasoningRow Row(string user, UInt128 key) => new(user, key, _time.GetUtcNow().AddHours(24), 100);

    private static KeptThinking[] Kept(string text) => [new(new ThinkingPart(text) { Signature = "sealed" }, BeforeText: false)];

    private sealed class SharedListStore : IReasoningStore
    {
        private readonly ListStore _rows = new();
        private readonly List<Action<ReasoningNews>> _followers = [];

        public int Asked { get; private set; }

        public bool Hangs { get; set; }

        public TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsAway { set => _rows.IsAway = value; }

        public bool IsShared => true;

        public bool HasOthers { get; set; } = true;

        public bool Has(string user, UInt128 key) => _rows.Rows.ContainsKey((user, key));

        public void Tell(ReasoningNews news) => _followers.ForEach(heard => heard(news));

        public Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation) => _rows.ListAsync(now, cancellation);

        public byte[]? Read(string user, UInt128 key) => throw new InvalidOperationException("A request is being written.");

        public Task<IReadOnlyList<(UInt128 Key, byte[] Body)>> ReadAsync(string user, IReadOnlyList<UInt128> keys, CancellationToken cancellation)
        {
            Asked++;
            return Task.FromResult<IReadOnlyList<(UInt128, byte[])>>([.. from key in keys let body = _rows.Read(user, key) where body is not null select (key, body)]);
        }

        public async Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation)
        {
            if (Hangs)
            {
                // As a driver that lets go of a silent connection late.
                await Released.Task;
                return false;
            }

            return await _rows.WriteAsync(batch, now, cancellation);
        }

        public void Follow(Action<ReasoningNews> heard) => _followers.Add(heard);
    }
}
