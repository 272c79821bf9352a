using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Core.Nodes;
using Sluice.Core.Reasoning;
using Sluice.Storage.Postgres;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresSharedTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task F35_Follow_OfEveryKind_IsCalledAfterAChangeElsewhere()
    {
        var address = await PostgresOpened.AddressAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await using var b = await NodeUnderTest.OpenAsync(address);
        var heard = new ConcurrentDictionary<ChangeKind, int>();
        foreach (var kind in Enum.GetValues<ChangeKind>())
        {
            b.Shared.Follow(kind, _ =>
            {
                heard.AddOrUpdate(kind, 1, (_, count) => count + 1);
                return Task.CompletedTask;
            });
        }

        await b.StartAsync();
        await NodeUnderTest.UntilAsync(() => heard.Count == 3, "the first look of each kind");
        await ChangeAsync(ChangeKind.Keys, async () => await a.Identity.AddKeyAsync(Key(), None));
        await ChangeAsync(ChangeKind.Keys, async () => Assert.True(await a.Identity.RotateKeyAsync("key-1", [.. Enumerable.Repeat((byte)2, 32)], "sk-2", Records.Noon, None)));
        await ChangeAsync(ChangeKind.Keys, async () => Assert.True(await a.Identity.RevokeKeyAsync("key-1", Records.Noon, None)));
        var scope = new LimitScope(ScopeKind.User, "dev1");
        await ChangeAsync(ChangeKind.Limits, () => a.Limits.SetAsync(new StoredLimit(scope, new LimitSet { Burst = 1 }, Records.Noon), None));
        await ChangeAsync(ChangeKind.Limits, async () => Assert.True(await a.Limits.RemoveAsync(scope, None)));
        var budget = new Budget(scope, BudgetPeriod.Day, 1, IsHard: true);
        await ChangeAsync(ChangeKind.Budgets, () => a.Budgets.SetAsync(new StoredBudget(budget, Records.Noon), None));
        await ChangeAsync(ChangeKind.Budgets, async () => Assert.True(await a.Budgets.RemoveAsync(budget.Name, None)));

        async Task ChangeAsync(ChangeKind kind, Func<Task> change)
        {
            var before = heard.GetValueOrDefault(kind);
            await change();
            var since = Stopwatch.StartNew();
            await NodeUnderTest.UntilAsync(() => heard.GetValueOrDefault(kind) > before, $"a change of {kind} is heard");
            Assert.True(since.Elapsed < ChangeFollower.Poll / 3, $"{kind} was heard only after {since.Elapsed}: as if by looking now and then");
        }
    }

    [Fact]
    public async Task Follow_OfALookThatFails_IsRepeated()
    {
        await using var node = await NodeUnderTest.OpenAsync(await PostgresOpened.AddressAsync());
        var looks = 0;
        node.Shared.Follow(ChangeKind.Keys, _ => Interlocked.Increment(ref looks) == 1 ? throw new InvalidOperationException("The first look fails.") : Task.CompletedTask);
        await node.StartAsync();

        await NodeUnderTest.UntilAsync(() => Volatile.Read(ref looks) >= 2, "a second look");
    }

    [Fact]
    public async Task Secret_AskedForByManyAtOnce_IsOne()
    {
        var address = await PostgresOpened.AddressAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await using var b = await NodeUnderTest.OpenAsync(address);

        var secrets = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? a : b).Shared.SecretAsync("jobs", () => [(byte)i, 7], None))));

        Assert.All(secrets, secret => Assert.Equal(secrets[0], secret));
        Assert.NotEqual(secrets[0], await a.Shared.SecretAsync("other", () => [9], None));
    }

    [Fact]
    public async Task Nodes_SeeOneAnother_AndWhoHasLeftIsGone()
    {
        var address = await PostgresOpened.AddressAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await a.StartAsync();
        await using (var b = await NodeUnderTest.OpenAsync(address))
        {
            await b.StartAsync();
            Assert.Equal([a.Shared.Node, b.Shared.Node], b.Shared.Nodes.Select(node => node.Id));
            Assert.All(b.Shared.Nodes, node => Assert.Equal(Environment.MachineName, node.Host));
        }

        await using var c = await NodeUnderTest.OpenAsync(address);
        await c.StartAsync();
        Assert.Equal([a.Shared.Node, c.Shared.Node], c.Shared.Nodes.Select(node => node.Id));
    }

    [Fact]
    public async Task F20_Homes_StoredByOneNode_AreToldToTheOther()
    {
        var address = await PostgresOpened.AddressAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await using var b = await NodeUnderTest.OpenAsync(address);
        var now = TimeProvider.System.GetUtcNow();
        var atA = new SessionAffinity(TimeProvider.System);
        var atB = new SessionAffinity(TimeProvider.System);
        await using var keeperA = await SessionKeeper.OpenAsync(atA, a.Sessions, TimeProvider.System, None);
        await using var keeperB = await SessionKeeper.OpenAsync(atB, b.Sessions, TimeProvider.System, None);
        await a.StartAsync();
        await b.StartAsync();

        atA.Remember("anna\nsession", "m", "one/m", "one#1", new CacheUse(5000, TimeSpan.FromMinutes(5), now));
        await NodeUnderTest.UntilAsync(() => atB.Home("anna\nsession", "m") is { Endpoint: "one/m", Credential: "one#1", CachedTokens: 5000 }, "B knows the home");

        atB.Remember("anna\nsession", "m", "two/m", null, new CacheUse(6000, TimeSpan.FromMinutes(5), TimeProvider.System.GetUtcNow()));
        await NodeUnderTest.UntilAsync(() => atA.Home("anna\nsession", "m") is { Endpoint: "two/m", Credential: null, CachedTokens: 6000 }, "A knows that it moved");
    }

    [Fact]
    public async Task F06_Thinking_KeptByOneNode_IsReadByTheOther()
    {
        var address = await PostgresOpened.AddressAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await using var b = await NodeUnderTest.OpenAsync(address);
        await using var atA = await ReasoningMemory.OpenAsync(a.Reasoning, new ReasoningMemoryOptions(), TimeProvider.System, None);
        await using var atB = await ReasoningMemory.OpenAsync(b.Reasoning, new ReasoningMemoryOptions(), TimeProvider.System, None);
        await a.StartAsync();
        await b.StartAsync();
        var thinking = new KeptThinking(new Protocols.Conversation.ThinkingPart("why") { Signature = "sealed" }, BeforeText: false);

        atA.Remember("anna", 7, [thinking]);
        await NodeUnderTest.UntilAsync(() => atB.Knows("anna"), "B knows the turn");

        Assert.False(atB.Knows("bert"));
        await atB.ReadyAsync("anna", [7, 8], [], None);
        Assert.Equal(["why"], atB.Find("anna", 7).Select(kept => kept.Part.Text));
        Assert.Empty(atB.Find("anna", 8));
    }

    [Fact]
    public async Task Away_IsTold_AndWhatWasMissedIsHeardWhenItIsBack()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        await using var server = await PostgresServer.StartAsync(isDurable: true);
        var address = await server.CreateDatabaseAsync();
        await using var a = await NodeUnderTest.OpenAsync(address);
        await using var b = await NodeUnderTest.OpenAsync(address);
        var keys = 0;
        b.Shared.Follow(ChangeKind.Keys, async stop => Volatile.Write(ref keys, (await b.Identity.ListKeysAsync(stop)).Count));
        var atB = new SessionAffinity(TimeProvider.System);
        await using var keeper = await SessionKeeper.OpenAsync(atB, b.Sessions, TimeProvider.System, None);
        await a.StartAsync();
        await b.StartAsync();

        await server.StopAsync(isCrash: true);
        await NodeUnderTest.UntilAsync(() => a.Shared.Standing.AwaySince is not null && b.Shared.Standing.AwaySince is not null, "the database is known to be away");
        Assert.Contains($"127.0.0.1:{server.Port}", b.Shared.Standing.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-tests", b.Shared.Standing.Reason, StringComparison.Ordinal);
        Assert.Empty(await b.Reasoning.ReadAsync("anna", [1], None));

        await server.StartAgainAsync();
        await a.Identity.AddKeyAsync(Key(), None);
        Assert.True(await a.Sessions.WriteAsync(
            [new SessionRow(Session, "m", "one/m", null, DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().AddMinutes(4).ToUnixTimeMilliseconds()), TimeSpan.FromMinutes(5), 0)], TimeProvider.System.GetUtcNow(), 100, None));
        await NodeUnderTest.UntilAsync(() => b.Shared.Standing.AwaySince is null && Volatile.Read(ref keys) == 1 && atB.Knows("anna\nsession"), "B has caught up");
    }

    // What a store has of the session: the name itself is nowhere.
    private static UInt128 Session => BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData("anna\nsession"u8));

    private static KeyRecord Key() => new() { Id = "key-1", Hash = [.. Enumerable.Repeat((byte)1, 32)], Prefix = "sk-1", User = "dev1", CreatedAt = Records.Noon };
}
