using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sluice.Core.Health;
using Sluice.Storage;

namespace Sluice.Server.Operations;

/// <summary>
/// Keeps in <c>DATA/health.json</c> what a restart must not forget: written when it changed, at most once a second, and once more at the end. A
/// file that cannot be read is as good as none; one that cannot be written costs a log line and nothing else.
/// </summary>
internal sealed class HealthFile : IAsyncDisposable
{
    /// <summary>Its name in the data folder.</summary>
    public const string Name = "health.json";

    // What ten thousand marks take; a larger file is not ours.
    private const int MostBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);

    private readonly HealthBoard _board;
    private readonly string _path;
    private readonly byte[] _salt;
    private readonly ILogger _log;
    private readonly Lock _writing = new();
    private readonly ITimer _timer;
    private long _written;
    private bool _failing;

    private HealthFile(HealthBoard board, string path, byte[] salt, TimeProvider time, ILogger log)
    {
        _board = board;
        _path = path;
        _salt = salt;
        _log = log;
        _written = board.Version;
        _timer = time.CreateTimer(_ => Write(), state: null, Often, Often);
    }

    /// <summary>Takes over what the file of the last run says and is still true, and keeps the file from now on.</summary>
    /// <param name="board">Has the configuration already.</param>
    /// <param name="folder">The data folder.</param>
    /// <param name="time">For the writing.</param>
    /// <param name="log">Hears of unusable files.</param>
    public static HealthFile Open(HealthBoard board, string folder, TimeProvider time, ILogger log)
    {
        var path = Path.Combine(folder, Name);
        var saved = Read(path, log);
        if (saved is not null)
        {
            board.Restore(saved);
        }

        return new HealthFile(board, path, saved?.Salt ?? RandomNumberGenerator.GetBytes(32), time, log);
    }

    /// <summary>Writes if anything changed since the last time.</summary>
    public void Write()
    {
        lock (_writing)
        {
            var version = _board.Version;
            if (version == _written)
            {
                return;
            }

            try
            {
                PrivateFolder.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_board.Save(_salt), SavedHealthJson.Default.SavedHealth));
                _failing = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (!_failing)
                {
                    OperationsLog.HealthNotWritten(_log, _path, e.Message);
                }

                _failing = true;
            }

            // Also where it failed: the next change tries again, not the next second.
            _written = version;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        Write();
    }

    private static SavedHealth? Read(string path, ILogger log)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }

            if (file.Length > MostBytes)
            {
                OperationsLog.HealthNotRead(log, path, $"it has {file.Length} bytes");
                return null;
            }

            var saved = JsonSerializer.Deserialize(File.ReadAllBytes(path), SavedHealthJson.Default.SavedHealth);
            if (saved is { Version: SavedHealth.CurrentVersion, IsWhole: true })
            {
                return saved;
            }

            OperationsLog.HealthNotRead(log, path, "it is not of this version");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            OperationsLog.HealthNotRead(log, path, e.Message);
        }

        return null;
    }
}
