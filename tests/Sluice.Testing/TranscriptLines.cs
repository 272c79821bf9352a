namespace Sluice.Testing;

/// <summary>Lines that a child printed, as they come; further ones than <paramref name="most"/> are dropped.</summary>
internal sealed class TranscriptLines(int most)
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    /// <summary>Null, the end of the stream, is not a line.</summary>
    public void Add(string? line)
    {
        lock (_lock)
        {
            if (line is not null && _lines.Count < most)
            {
                _lines.Add(line);
            }
        }
    }

    public string Text
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _lines);
            }
        }
    }
}
