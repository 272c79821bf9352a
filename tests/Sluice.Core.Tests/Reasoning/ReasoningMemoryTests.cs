using Sluice.Core.Reasoning;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Reasoning;

public sealed class ReasoningMemoryTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ManualTimeProvider _time = new();
    private readonly ListStore _store = new();

    [Fact]
    public async Task Find_WhatWasRemembered_ComesBackWhole()
    {
        await using var memory = await OpenAsync();
        KeptThinking[] kept =
        [
            new(new ThinkingPart("é \"q\"\n") { Signature = "c2ln", SignedBy = WireProtocol.Gemini, Id = "rs_1" }, BeforeText: true),
            new(new ThinkingPart("") { RedactedData = "b3BhcXVl+/==", SignedBy = WireProtocol.AnthropicMessages }, BeforeText: false),
            new(new ThinkingPart("t") { Details = RawJson.FromText("""[ {"type":"reasoning.text","n":1.0} ]"""), SignedBy = WireProtocol.OpenAIChat }, BeforeText: false),
        ];

        memory.Remember("anna", 1, kept);

        Assert.Equal(kept, memory.Find("anna", 1));
        Assert.Empty(memory.Find("bert", 1));
        Assert.True(memory.Knows("anna"));
        Assert.False(memory.Knows("bert"));
        await memory.FlushAsync(None);
        await using var again = await OpenAsync();
        Assert.Equal(0, again.Size.HeldBytes);
        Assert.Equal(kept, again.Find("anna", 1));
    }

    [Fact]
    public async Task Find_AfterItsAge_IsNothingAndTheStoreForgetsIt()
    {
        await using var memory = await OpenAsync();
        memory.Remember("anna", 1, Kept("a"));
        await memory.FlushAsync(None);
        _time.Advance(TimeSpan.FromHours(24));

        Assert.Empty(memory.Find("anna", 1));
        Assert.False(memory.Knows("anna"));
        await memory.FlushAsync(None);
        Assert.Empty(_store.Rows);
    }

    [Fact]
    public async Task Find_BeforeItsAge_ProlongsIt_AlsoInTheStore()
    {
        await using var memory = await OpenAsync();
        memory.Remember("anna", 1, Kept("a"));
        await memory.FlushAsync(None);
        _time.Advance(TimeSpan.FromHours(23));
        Assert.Single(memory.Find("anna", 1));
        await memory.FlushAsync(None);
        _time.Advance(TimeSpan.FromHours(23));

        Assert.Single(memory.Find("anna", 1));
        await using var again = await OpenAsync();
        Assert.Single(again.Find("anna", 1));
    }

    [Fact]
    public async Task Remember_MoreThanMostTurns_ForgetsWhatWasUsedLongestAgo()
    {
        await using var memory = await OpenAsync(new ReasoningMemoryOptions { MostTurns = 2 });
        memory.Remember("anna", 1, Kept("a"));
        memory.Remember("anna", 2, Kept("b"));
        await memory.FlushAsync(None);
        memory.Find("anna", 1);

        memory.Remember("bert", 3, Kept("c"));

        Assert.Empty(memory.Find("anna", 2));
        Assert.Single(memory.Find("anna", 1));
        Assert.Single(memory.Find("bert", 3));
        await memory.FlushAsync(None);
        Assert.Equal<(string, UInt128)>([("anna", 1), ("bert", 3)], [.. _store.Rows.Keys.Order()]);
    }

    [Fact]
    public async Task Remember_MoreThanMostBytes_ForgetsTheOldest_AndTooLargeATurnIsNotKept()
    {
        await using var memory = await OpenAsync(new ReasoningMemoryOptions { MostBytes = 250, LargestTurn = 200 });
        memory.Remember("anna", 1, Kept(new string('a', 100)));
        memory.Remember("anna", 2, Kept(new string('b', 100)));
        memory.Remember("anna", 3, Kept(new string('c', 300)));

        Assert.Empty(memory.Find("anna", 1));
        Assert.Single(memory.Find("anna", 2));
        Assert.Empty(memory.Find("anna", 3));
        Assert.InRange(memory.Size.Bytes, 100, 250);
    }

    [Fact]
    public async Task Remember_MoreThanMayBeHeld_IsReadBackFromTheStore()
    {
        await using var memory = await OpenAsync(new ReasoningMemoryOptions { MostHeldBytes = 200 });
        memory.Remember("anna", 1, Kept(new string('a', 100)));
        await memory.FlushAsync(None);
        memory.Remember("anna", 2, Kept(new string('b', 100)));
        await memory.FlushAsync(None);

        Assert.InRange(memory.Size.HeldBytes, 100, 200);
        Assert.Equal(2, memory.Size.Turns);
        Assert.Equal(Kept(new string('a', 100)), memory.Find("anna", 1));
        Assert.Equal(Kept(new string('b', 100)), memory.Find("anna", 2));
        Assert.InRange(memory.Size.HeldBytes, 100, 200);
    }

    [Fact]
    public async Task Remember_WhileTheStoreIsAway_StaysWithinItsBytesAndIsStoredLater()
    {
        await using var memory = await OpenAsync(new ReasoningMemoryOptions { MostHeldBytes = 300 });
        _store.IsAway = true;
        for (var i = 0; i < 10; i++)
        {
            memory.Remember("anna", (UInt128)i, Kept(new string('a', 100)));
        }

        Assert.False(await memory.FlushAsync(None));
        Assert.InRange(memory.Size.HeldBytes, 100, 300);
        Assert.Single(memory.Find("anna", 9));
        _store.IsAway = false;
        Assert.True(await memory.FlushAsync(None));
        Assert.Contains(("anna", (UInt128)9), _store.Rows.Keys);
        Assert.Equal(memory.Size.Turns, _store.Rows.Count);
    }

    [Fact]
    public async Task Remember_IsStoredByItself_AfterTheDelay()
    {
        await using var memory = await OpenAsync();
        memory.Remember("anna", 1, Kept("a"));
        for (var look = 0; _store.Rows.IsEmpty; look++)
        {
            Assert.True(look < 100_000, "Not stored.");
            _time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        Assert.Equal(("anna", (UInt128)1), Assert.Single(_store.Rows.Keys));
    }

    private static KeptThinking[] Kept(string text) => [new(new ThinkingPart(text) { Signature = "s" }, BeforeText: false)];

    private Task<ReasoningMemory> OpenAsync(ReasoningMemoryOptions? options = null) => ReasoningMemory.OpenAsync(_store, options ?? new ReasoningMemoryOptions(), _time, None);
}
