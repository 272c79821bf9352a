using System.Security.Cryptography;
using System.Text;

namespace Sluice.Core.Configuration;

/// <summary>
/// Keeps the configuration current: looks at the content of the file and of everything it refers to every two seconds, and at once when
/// told to. What does not load leaves the last good configuration serving and is kept in <see cref="LastErrors"/>.
/// </summary>
/// <remarks>Content, not time stamps: mounted secrets and editors that swap files keep or forge those.</remarks>
public sealed class ConfigWatcher : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Func<ConfigSources> _sources;
    private readonly Func<ConfigSources, ConfigResult> _load;
    private readonly ITimer _timer;
    private readonly string? _filePath;
    private readonly ConfigSnapshot _first;

    // Guards reloading, and is held while Changed runs: two reloads at once must not take effect in the other order.
    private readonly Lock _reloading = new();
    private volatile ConfigSnapshot _current;
    private volatile IReadOnlyList<ConfigError> _lastErrors = [];
    private volatile IReadOnlyList<string> _lastFaults = [];
    private IReadOnlyList<string> _readFiles;
    private string _seen;

    /// <summary>Starts watching.</summary>
    /// <param name="sources">Reads the sources anew; may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</param>
    /// <param name="first">The configuration that was loaded at start; has a snapshot.</param>
    /// <param name="firstSources">What it was loaded from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="load">Makes a configuration of sources; null is <see cref="ConfigLoader.Load"/>.</param>
    public ConfigWatcher(Func<ConfigSources> sources, ConfigResult first, ConfigSources firstSources, TimeProvider time, Func<ConfigSources, ConfigResult>? load = null)
    {
        _sources = sources;
        _load = load ?? ConfigLoader.Load;
        _current = _first = first.Snapshot ?? throw new ArgumentException("The first configuration has errors.", nameof(first));
        _filePath = firstSources.FilePath;
        _readFiles = first.ReadFiles;
        _seen = Fingerprint(firstSources, _readFiles);
        _timer = time.CreateTimer(static state => ((ConfigWatcher)state!).Poll(), this, Interval, Interval);
    }

    /// <summary>The last good configuration, with what counts at start only as it was then. Read once at the start of a request.</summary>
    public ConfigSnapshot Current => _current;

    /// <summary>What is wrong with the sources as they are now; empty while <see cref="Current"/> is what they say.</summary>
    public IReadOnlyList<ConfigError> LastErrors => _lastErrors;

    /// <summary>What parts of Sluice failed at when they took <see cref="Current"/>, one sentence each; empty once a later one is taken by all.</summary>
    public IReadOnlyList<string> LastFaults => _lastFaults;

    /// <summary>Called just before a new snapshot comes into force, on the thread that reloaded; <see cref="Current"/> is still the one before. Add with <c>+=</c> before anything can change. One that throws neither keeps the others from being called nor the snapshot from coming into force.</summary>
    public Action<ConfigSnapshot>? Changed { get; set; }

    /// <summary>Called when the sources changed and do not load.</summary>
    public Action<IReadOnlyList<ConfigError>>? Failed { get; set; }

    /// <summary>Called with what a handler of the two above threw, and with what a look at the sources threw that it should not.</summary>
    public Action<Exception>? Faulted { get; set; }

    /// <summary>Reloads now, changed or not. True when the sources load.</summary>
    public bool ReloadNow() => Reload(always: true);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Poll()
    {
        try
        {
            Reload(always: false);
        }
        catch (Exception e)
        {
            // On a timer's thread it would end the process, and with it every stream, for the sake of a look at a file.
            Report([e], "look at the configuration");
        }
    }

    private void Report(IReadOnlyList<Exception> faults, string doing)
    {
        IReadOnlyList<string> told = [.. faults.Select(fault => $"A part of Sluice failed to {doing} ({fault.GetType().Name}: {fault.Message}). Mend what it names and reload, or start Sluice again.")];
        var isNews = !_lastFaults.SequenceEqual(told, StringComparer.Ordinal);
        _lastFaults = told;
        foreach (var fault in isNews ? faults : [])
        {
            _ = Call(Faulted, fault);
        }
    }

    private static List<Exception> Call<T>(Action<T>? handlers, T news)
    {
        var faults = new List<Exception>();
        foreach (var handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(news);
            }
            catch (Exception e)
            {
                faults.Add(e);
            }
        }

        return faults;
    }

    private bool Reload(bool always)
    {
        IReadOnlyList<ConfigError>? failed = null;
        lock (_reloading)
        {
            ConfigSnapshot? changed = null;
            ConfigSources sources;
            try
            {
                sources = _sources();

                // A file that was there and is gone is a fault (or an editor in the middle of saving), never "no file": that would
                // quietly serve other providers.
                sources = sources.FilePath is null && _filePath is not null ? sources with { FilePath = _filePath } : sources;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failed = [new ConfigError("configuration", 0, 0, "", "sources that cannot be read", e.Message)];
                sources = null!;

                // Whatever is there next is news, even if it is what was there before.
                _seen = "";
            }

            if (failed is null)
            {
                var seen = Fingerprint(sources, _readFiles);
                if (!always && seen == _seen)
                {
                    return _lastErrors.Count == 0;
                }

                var result = _load(sources);
                _readFiles = result.ReadFiles;
                _seen = Fingerprint(sources, _readFiles);
                failed = result.Snapshot is null ? result.Errors : null;

                // Asked to reload after a part failed: it is given another try, changed or not.
                var again = always && _lastFaults.Count > 0;
                changed = result.Snapshot is { } snapshot && (again || snapshot.ContentHash != _current.ContentHash) ? StartOnly.Hold(_first, snapshot) : null;
            }

            var before = _lastErrors;
            _lastErrors = failed ?? [];
            if (changed is not null)
            {
                // First, or a request could meet a provider that health and connections have not heard of.
                var faults = Call(Changed, changed);
                _current = changed;
                Report(faults, "take the changed configuration");
            }

            // The same fault at every look is one piece of news.
            failed = failed is not null && !always && before.SequenceEqual(failed) ? null : failed;
        }

        if (failed is not null)
        {
            foreach (var fault in Call(Failed, failed))
            {
                _ = Call(Faulted, fault);
            }
        }

        return _lastErrors.Count == 0;
    }

    private static string Fingerprint(ConfigSources sources, IReadOnlyList<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, sources.FileText);
        foreach (var file in files)
        {
            Add(hash, sources.ReadFile(file));
        }

        foreach (var (name, value) in sources.Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Add(hash, name);
            Add(hash, value);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // A missing file is not an empty one.
    private static void Add(IncrementalHash hash, string? part)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(part is null ? "-" : $"+{part.Length}:"));
        hash.AppendData(Encoding.UTF8.GetBytes(part ?? ""));
    }
}
