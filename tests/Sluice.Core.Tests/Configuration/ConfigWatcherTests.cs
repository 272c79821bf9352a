using Sluice.Core.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class ConfigWatcherTests
{
    private const string Yaml = "providers: [{ name: p, kind: openai, api_keys: ['${file:/secret}'] }]";

    private readonly HandClock _clock = new();
    private readonly List<ConfigSnapshot> _changes = [];
    private readonly List<IReadOnlyList<ConfigError>> _failures = [];
    private string? _text = Yaml;
    private string? _path = "/etc/sluice/sluice.yaml";
    private string? _secret = "one";

    [Fact]
    public void Poll_NothingChanged_KeepsTheSameSnapshot()
    {
        using var watcher = Watch(out var first);

        _clock.Tick();

        Assert.Same(first, watcher.Current);
        Assert.Empty(_changes);
    }

    [Fact]
    public void Poll_FileChanged_SwapsWithinFiveSeconds()
    {
        using var watcher = Watch(out _);

        _text = Yaml.Replace("name: p", "name: q", StringComparison.Ordinal);
        Assert.InRange(_clock.Period, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5));
        _clock.Tick();

        Assert.Equal("q", watcher.Current.Providers[0].Name);
        Assert.Same(watcher.Current, Assert.Single(_changes));
    }

    [Fact]
    public void Poll_FileChanged_TellsBeforeTheSnapshotIsInForce()
    {
        using var watcher = Watch(out var first);
        ConfigSnapshot? inForce = null;
        watcher.Changed += _ => inForce = watcher.Current;

        _text = Yaml.Replace("name: p", "name: q", StringComparison.Ordinal);
        _clock.Tick();

        Assert.Same(first, inForce);
        Assert.NotSame(first, watcher.Current);
    }

    [Fact]
    public void Poll_SecretFileChanged_SwapsToo()
    {
        using var watcher = Watch(out _);

        _secret = "two";
        _clock.Tick();

        Assert.Equal("two", watcher.Current.Providers[0].Credentials[0].Secret);
    }

    [Fact]
    public void Poll_BrokenFile_KeepsTheLastGoodAndTellsOnce()
    {
        using var watcher = Watch(out var first);

        _text = "providers: 7";
        _clock.Tick();
        _clock.Tick();

        Assert.Same(first, watcher.Current);
        Assert.Equal("providers", Assert.Single(watcher.LastErrors).KeyPath);
        Assert.Single(_failures);

        _text = Yaml;
        _clock.Tick();

        Assert.Same(first, watcher.Current);
        Assert.Empty(watcher.LastErrors);
        Assert.Empty(_changes);
    }

    [Fact]
    public void Poll_SecretFileGone_KeepsTheLastGoodUntilItIsBack()
    {
        using var watcher = Watch(out var first);

        _secret = null;
        _clock.Tick();
        Assert.Single(watcher.LastErrors);
        Assert.Same(first, watcher.Current);

        _secret = "three";
        _clock.Tick();
        Assert.Empty(watcher.LastErrors);
        Assert.Equal("three", watcher.Current.Providers[0].Credentials[0].Secret);
    }

    [Fact]
    public void Poll_FileVanished_IsAFaultNotAnEmptyConfiguration()
    {
        using var watcher = Watch(out var first);

        _text = null;
        _path = null;
        _clock.Tick();

        Assert.Same(first, watcher.Current);
        Assert.Single(watcher.LastErrors);
    }

    [Fact]
    public void Poll_SourcesThatThrow_KeepTheLastGood()
    {
        var sources = Now();
        var calls = 0;
        using var watcher = new ConfigWatcher(() => calls++ == 0 ? throw new IOException("gone") : Now(), ConfigLoader.Load(sources), sources, _clock);

        _clock.Tick();
        Assert.Equal("gone", Assert.Single(watcher.LastErrors).Message);
        _clock.Tick();

        Assert.Empty(watcher.LastErrors);
    }

    [Fact]
    public void ReloadNow_Change_IsInForceWhenItReturns()
    {
        using var watcher = Watch(out _);

        _text = Yaml.Replace("name: p", "name: q", StringComparison.Ordinal);

        Assert.True(watcher.ReloadNow());
        Assert.Equal("q", watcher.Current.Providers[0].Name);
        _text = "nonsense: 1";
        Assert.False(watcher.ReloadNow());
        Assert.Equal("q", watcher.Current.Providers[0].Name);
    }

    [Fact]
    public void Poll_HandlerThatThrows_StopsNeitherTheOthersNorTheChangeAndIsTold()
    {
        var faults = new List<Exception>();
        var sources = Now();
        using var watcher = new ConfigWatcher(Now, ConfigLoader.Load(sources), sources, _clock);
        watcher.Changed += _ => throw new InvalidOperationException("no room");
        watcher.Changed += _changes.Add;
        watcher.Faulted += _ => throw new InvalidOperationException("a reporter that throws too");
        watcher.Faulted += faults.Add;

        _text = Yaml.Replace("name: p", "name: q", StringComparison.Ordinal);
        _clock.Tick();

        Assert.Equal("q", watcher.Current.Providers[0].Name);
        Assert.Single(_changes);
        Assert.Equal("no room", Assert.Single(faults).Message);
        Assert.Contains("no room", Assert.Single(watcher.LastFaults), StringComparison.Ordinal);
        Assert.Empty(watcher.LastErrors);
    }

    [Fact]
    public void ReloadNow_AfterAHandlerThrew_GivesItAnotherTry()
    {
        var calls = 0;
        using var watcher = Watch(out _);
        watcher.Changed += _ =>
        {
            if (calls++ == 0)
            {
                throw new InvalidOperationException("once");
            }
        };
        _text = Yaml.Replace("name: p", "name: q", StringComparison.Ordinal);
        _clock.Tick();
        Assert.Single(watcher.LastFaults);

        watcher.ReloadNow();

        Assert.Equal(2, calls);
        Assert.Empty(watcher.LastFaults);
    }

    [Fact]
    public void Poll_FailedHandlerThatThrows_DoesNotEscape()
    {
        var faults = new List<Exception>();
        using var watcher = Watch(out _);
        watcher.Failed += _ => throw new InvalidOperationException("deaf");
        watcher.Faulted += faults.Add;

        _text = "providers: 7";
        _clock.Tick();

        Assert.Single(_failures);
        Assert.Equal("deaf", Assert.Single(faults).Message);
    }

    [Fact]
    public void Poll_SourcesThatThrowWhatNobodyExpects_IsToldOnceAndDoesNotEscape()
    {
        var faults = new List<Exception>();
        var sources = Now();
        using var watcher = new ConfigWatcher(() => throw new InvalidOperationException("odd"), ConfigLoader.Load(sources), sources, _clock);
        watcher.Faulted += faults.Add;

        _clock.Tick();
        _clock.Tick();

        Assert.Single(faults);
        Assert.Contains("odd", Assert.Single(watcher.LastFaults), StringComparison.Ordinal);
    }

    private ConfigSources Now() => new()
    {
        BaseDirectory = "/work",
        FilePath = _path,
        FileText = _text,
        ReadFile = path => path == "/secret" ? _secret : null,
    };

    private ConfigWatcher Watch(out ConfigSnapshot first)
    {
        var sources = Now();
        var result = ConfigLoader.Load(sources);
        first = result.Snapshot!;
        var watcher = new ConfigWatcher(Now, result, sources, _clock);
        watcher.Changed += _changes.Add;
        watcher.Failed += _failures.Add;
        return watcher;
    }

    /// <summary>A clock whose one timer fires when told to.</summary>
    private sealed class HandClock : TimeProvider
    {
        private Action _fire = static () => { };

        public TimeSpan Period { get; private set; }

        public void Tick() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Period = period;
            _fire = () => callback(state);
            return new NoTimer();
        }

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
