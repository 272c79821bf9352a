using System.Globalization;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Journal;

/// <summary>The journal's files: <c>0000000001.journal</c>, <c>0000000002.journal</c>, … in <c>DATA/journal</c>.</summary>
internal sealed class JournalFolder
{
    private const string Extension = ".journal";

    private readonly string _path;

    public JournalFolder(string dataFolder)
    {
        _path = Path.Combine(dataFolder, "journal");
        Directory.CreateDirectory(_path);
    }

    /// <summary>Numbers of all segments, rising.</summary>
    public IReadOnlyList<long> Segments() =>
        [.. Directory.EnumerateFiles(_path, "*" + Extension)
            .Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(number => number > 0)
            .Order()];

    public string PathOf(long segment) => Path.Combine(_path, segment.ToString("D10", CultureInfo.InvariantCulture) + Extension);

    /// <summary>Bytes from <paramref name="position"/> to the end of the newest segment.</summary>
    public long BytesFrom(JournalPosition position) =>
        Segments().Where(segment => segment >= position.Segment).Sum(segment => Length(segment) - (segment == position.Segment ? position.Offset : 0));

    /// <summary>Bytes that are free where the journal stands; null where the system does not say.</summary>
    public long? FreeBytes()
    {
        try
        {
            return new DriveInfo(_path).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Deletes segments that lie wholly before <paramref name="position"/>.</summary>
    public void DeleteBefore(JournalPosition position)
    {
        foreach (var segment in Segments())
        {
            if (segment < position.Segment)
            {
                File.Delete(PathOf(segment));
            }
        }
    }

    private long Length(long segment)
    {
        try
        {
            return new FileInfo(PathOf(segment)).Length;
        }
        catch (FileNotFoundException)
        {
            // Shipped and deleted since the folder was listed.
            return 0;
        }
    }

    /// <summary>Puts a segment with an unreadable tail aside, for people to look at; the newest such file is kept, since a tail is small and older ones have been looked at or never will be.</summary>
    public string SetAside(long segment)
    {
        var aside = Path.Combine(_path, "damaged");
        File.Move(PathOf(segment), aside, overwrite: true);
        return aside;
    }
}
