using Sluice.Protocols.Errors;
using Sluice.Testing;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Tests;

public sealed class LeaseCacheTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Token_IsAskedOnceAndRenewedBeforeItEnds()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time);
        using var cache = new LeaseCache<string>(source, time);

        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);
        time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);
        Assert.Equal(1, source.Asked);

        // Five minutes before the end the old one still serves while the new one is fetched.
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);
        await source.Answered(2);
        Assert.Equal("t2", await UntilAsync(cache, "t2"));
        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task Callers_AtOnce_ShareOneRenewal()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time) { Gate = new TaskCompletionSource() };
        using var cache = new LeaseCache<string>(source, time);

        var waiting = Enumerable.Range(0, 20).Select(_ => cache.GetAsync(Token).AsTask()).ToArray();
        source.Gate.SetResult();

        Assert.All(await Task.WhenAll(waiting), issued => Assert.Equal("t1", issued.Value));
        Assert.Equal(1, source.Asked);
    }

    [Fact]
    public async Task CallerThatLeaves_DoesNotEndTheRenewalOfOthers()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time) { Gate = new TaskCompletionSource() };
        using var cache = new LeaseCache<string>(source, time);
        using var leave = new CancellationTokenSource();

        var leaving = cache.GetAsync(leave.Token).AsTask();
        var staying = cache.GetAsync(Token).AsTask();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        source.Gate.SetResult();

        Assert.Equal("t1", (await staying).Value);
    }

    [Fact]
    public async Task Refusal_IsAFaultAndNotAskedAgainAtOnce()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time) { Refuses = true };
        using var cache = new LeaseCache<string>(source, time);

        Assert.Equal(ErrorKind.Authentication, (await cache.GetAsync(Token)).Fault!.Kind);
        Assert.Equal("refused 1", (await cache.GetAsync(Token)).Fault!.Error.Message);
        time.Advance(TimeSpan.FromSeconds(11));
        source.Refuses = false;

        Assert.Equal("t2", (await cache.GetAsync(Token)).Value);
    }

    [Fact]
    public async Task FailedRenewal_WhileTheOldHolds_GoesOnWithIt()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time);
        using var cache = new LeaseCache<string>(source, time);
        await cache.GetAsync(Token);

        source.Refuses = true;
        time.Advance(TimeSpan.FromMinutes(56));
        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);
        await source.Answered(2);
        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.NotNull((await cache.GetAsync(Token)).Fault);
    }

    [Fact]
    public async Task RefusedByTheUpstream_IsReplaced_ButNotWhileNew()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time);
        using var cache = new LeaseCache<string>(source, time);
        await cache.GetAsync(Token);

        cache.Refused();
        Assert.Equal("t1", (await cache.GetAsync(Token)).Value);
        time.Advance(TimeSpan.FromMinutes(2));
        cache.Refused();

        Assert.Equal("t2", (await cache.GetAsync(Token)).Value);
    }

    [Fact]
    public async Task EndpointThatNeverAnswers_IsGivenUp()
    {
        var time = new ManualTimeProvider(Start);
        var source = new Source(time) { Gate = new TaskCompletionSource() };
        using var cache = new LeaseCache<string>(source, time);

        var waiting = cache.GetAsync(Token).AsTask();
        await source.Asking;
        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(ErrorKind.Connection, (await waiting).Fault!.Kind);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string?> UntilAsync(LeaseCache<string> cache, string value)
    {
        while (true)
        {
            var issued = await cache.GetAsync(Token);
            if (issued.Value == value)
            {
                return issued.Value;
            }

            await Task.Yield();
            Token.ThrowIfCancellationRequested();
        }
    }

    private sealed class Source(TimeProvider time) : ISecretSource<string>
    {
        private readonly TaskCompletionSource _asking = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public TaskCompletionSource? Gate { get; init; }

        public bool Refuses { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        public Task Asking => _asking.Task;

        public Task Answered(int times) => times == 2 ? _second.Task : throw new ArgumentOutOfRangeException(nameof(times));

        public async Task<Issued<string>> IssueAsync(CancellationToken cancellationToken)
        {
            var turn = Interlocked.Increment(ref _asked);
            _asking.TrySetResult();
            if (Gate is not null)
            {
                await Gate.Task.WaitAsync(cancellationToken);
            }

            if (turn == 2)
            {
                _second.TrySetResult();
            }

            return Refuses ? Issued<string>.Refused($"refused {turn}") : new($"t{turn}", time.GetUtcNow() + TimeSpan.FromHours(1), null);
        }
    }
}
