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
    private readonly ITimer _timer;
    private readonly string? _filePath;
    private readonly ConfigSnapshot _first;

    // Guards reloading, and is held while Changed runs: two reloads at once must not take effect in the other order.
    private readonly Lock _reloading = new();
    private volatile ConfigSnapshot _current;
    private volatile IReadOnlyList<ConfigError> _lastErrors = [];
    private IReadOnlyList<string> _readFiles;
    private string _seen;

    /// <summary>Starts watching.</summary>
    /// <param name="sources">Reads the sources anew; may throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.</param>
    /// <param name="first">The configuration that was loaded at start; has a snapshot.</param>
    /// <param name="firstSources">What it was loaded from.</param>
    /// <param name="time">The clock.</param>
    public ConfigWatcher(Func<ConfigSources> sources, ConfigResult first, ConfigSources firstSources, TimeProvider time)
    {
        _sources = sources;
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

    /// <summary>Called just before a new snapshot comes into force, on the thread that reloaded; <see cref="Current"/> is still the one before. Add with <c>+=</c> before anything can change.</summary>
    public Action<ConfigSnapshot>? Changed { get; set; }

    /// <summary>Called when the sources changed and do not load.</summary>
    public Action<IReadOnlyList<ConfigError>>? Failed { get; set; }

    /// <summary>Reloads now, changed or not. True when the sources load.</summary>
    public bool ReloadNow() => Reload(always: true);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Poll() => Reload(always: false);

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

                var result = ConfigLoader.Load(sources);
                _readFiles = result.ReadFiles;
                _seen = Fingerprint(sources, _readFiles);
                failed = result.Snapshot is null ? result.Errors : null;
                changed = result.Snapshot is { } snapshot && snapshot.ContentHash != _current.ContentHash ? StartOnly.Hold(_first, snapshot) : null;
            }

            var before = _lastErrors;
            _lastErrors = failed ?? [];
            if (changed is not null)
            {
                // First, or a request could meet a provider that health and connections have not heard of.
                Changed?.Invoke(changed);
                _current = changed;
            }

            // The same fault at every look is one piece of news.
            failed = failed is not null && !always && before.SequenceEqual(failed) ? null : failed;
        }

        if (failed is not null)
        {
            Failed?.Invoke(failed);
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
