using Microsoft.Extensions.Logging;
using Sluice.Core.Ledger;
using Sluice.Storage.Journal;
using Xunit;

namespace Sluice.Storage.Tests.Journal;

public sealed class SpoolWatchTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly Told _told = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Look_AtAGrowingJournal_TellsAtTheFirstMarkAndAtEachDoubling()
    {
        var folder = new JournalFolder(_folder.Path);
        var watch = new SpoolWatch(folder, 4 * Megabyte, _told);
        var told = new List<int>();
        for (var megabytes = 1; megabytes <= 17; megabytes++)
        {
            Grow(folder, 1, megabytes);
            watch.Look(new JournalPosition(1, 0));
            watch.Look(new JournalPosition(1, 0));
            told.Add(_told.Lines.Count);
        }

        Assert.Equal([0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3], told);
        Assert.StartsWith("The journal holds 4 MB that the store has not taken; ", _told.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Look_CountsWhatIsNotTakenAlone_AndBeginsAnewOnceItIs()
    {
        var folder = new JournalFolder(_folder.Path);
        var watch = new SpoolWatch(folder, 4 * Megabyte, _told);
        Grow(folder, 1, 3);
        Grow(folder, 2, 3);

        Assert.Equal(5 * Megabyte, folder.BytesFrom(new JournalPosition(1, Megabyte)));
        watch.Look(new JournalPosition(2, Megabyte));
        Assert.Empty(_told.Lines);
        watch.Look(new JournalPosition(1, Megabyte));
        watch.Look(new JournalPosition(2, 3 * Megabyte));
        watch.Look(new JournalPosition(1, Megabyte));

        Assert.Equal(2, _told.Lines.Count);
    }

    private static void Grow(JournalFolder folder, long segment, int megabytes)
    {
        using var file = new FileStream(folder.PathOf(segment), FileMode.OpenOrCreate);
        file.SetLength(megabytes * Megabyte);
    }

    private sealed class Told : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }
}
