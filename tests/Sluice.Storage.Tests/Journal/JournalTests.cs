using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Sluice.Storage.Journal;
using Xunit;

namespace Sluice.Storage.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_OfATailTornAtEveryByte_GivesTheWholeRecordsAndCountsTheRest()
    {
        var (folder, ends) = await WriteSampleAsync();
        var bytes = await File.ReadAllBytesAsync(folder.PathOf(1));
        Assert.Equal(bytes.Length, ends[^1]);

        for (var length = 0; length <= bytes.Length; length++)
        {
            await File.WriteAllBytesAsync(folder.PathOf(1), bytes[..length]);
            var batch = new LedgerBatch();
            var (next, unreadable) = new JournalReader(folder).Read(new JournalPosition(1, 0), long.MaxValue, 1000, batch);

            var whole = ends.Count(end => end <= length);
            var expected = whole == 0 ? 0 : ends[whole - 1];
            Assert.Equal(whole, batch.Count);
            Assert.Equal(expected, next.Offset);
            Assert.Equal(length - expected, unreadable);
        }
    }

    [Fact]
    public async Task Read_WithAnyByteDamaged_StopsBeforeThatRecord()
    {
        var (folder, ends) = await WriteSampleAsync();
        var bytes = await File.ReadAllBytesAsync(folder.PathOf(1));

        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 0x10;
            await File.WriteAllBytesAsync(folder.PathOf(1), bytes);
            var batch = new LedgerBatch();
            new JournalReader(folder).Read(new JournalPosition(1, 0), long.MaxValue, 1000, batch);
            bytes[at] ^= 0x10;

            Assert.Equal(ends.Count(end => end <= at), batch.Count);
        }
    }

    [Fact]
    public void Checksum_OfTheStandardsExample_IsTheStandards()
    {
        // The check value of CRC-32C for "123456789".
        Assert.Equal(0xE3069283u, JournalFrame.Checksum("123456789"u8));
    }

    [Fact]
    public async Task Append_ALargeRecord_ComesBackWhole()
    {
        var folder = new JournalFolder(_folder.Path);
        var large = Records.Request("gen-1") with { LeftOut = new string('\u00fc', 32 * 1024), Tags = new string('x', 32 * 1024), Cause = "\uD83D\uDE00 \0 end" };
        await using var writer = new JournalWriter(folder, 1, long.MaxValue, sync: false, () => { });
        for (var i = 0; i < 8; i++)
        {
            await writer.AppendAsync(large);
        }

        var batch = new LedgerBatch();
        new JournalReader(folder).Read(new JournalPosition(1, 0), long.MaxValue, 1000, batch);

        Assert.Equal(8, batch.Requests.Count);
        Assert.All(batch.Requests, request => Assert.Equal(large, request));
    }

    [Fact]
    public async Task F29_Kill_AfterAppendsCompleted_LosesNone()
    {
        var copy = Path.Combine(_folder.Path, "after");
        var data = Path.Combine(_folder.Path, "before");
        var never = new LedgerOptions { DataFolder = data, ShipDelay = TimeSpan.FromDays(1) };
        await using (var ledger = await LedgerStore.OpenAsync(never, TimeProvider.System, NullLogger.Instance))
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
            {
                await ledger.AppendAsync(Records.Start($"att-{i}", $"gen-{i}"));
                if (i % 2 == 0)
                {
                    await ledger.AppendAsync(Records.Failure($"att-{i}", ErrorKind.Timeout));
                }
            })));

            // What the files hold now is what a killed process leaves; nothing has been shipped.
            Directory.CreateDirectory(Path.Combine(copy, "journal"));
            foreach (var file in Directory.GetFiles(Path.Combine(data, "journal")))
            {
                File.Copy(file, Path.Combine(copy, "journal", Path.GetFileName(file)));
            }
        }

        // And the last record is torn.
        var journal = Directory.GetFiles(Path.Combine(copy, "journal")).Single();
        await using (var torn = new FileStream(journal, FileMode.Append))
        {
            torn.Write([9, 0, 0, 0, 1, 2]);
        }

        await using var reopened = await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = copy }, TimeProvider.System, NullLogger.Instance);
        var report = await reopened.ReportAsync(new ReportQuery([ReportDimension.Cause], Records.Noon.AddDays(-1), Records.Noon.AddDays(1)), CancellationToken.None);
        Assert.Equal([("abandoned", 100L), ("timeout", 100L)], report.Rows.Select(row => (row.Keys[0]!, row.Attempts)).OrderBy(row => row.Item1, StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(copy, "journal", "damaged")));
    }

    private async Task<(JournalFolder Folder, List<long> Ends)> WriteSampleAsync()
    {
        var folder = new JournalFolder(_folder.Path);
        var ends = new List<long>();
        await using var writer = new JournalWriter(folder, 1, long.MaxValue, sync: false, () => { });
        await writer.AppendAsync(Records.Start("att-1"));
        ends.Add(writer.Written.Position.Offset);
        await writer.AppendAsync(Records.End("att-1"));
        ends.Add(writer.Written.Position.Offset);
        await writer.AppendAsync(Records.Request("gen-1"));
        ends.Add(writer.Written.Position.Offset);
        return (folder, ends);
    }
}
