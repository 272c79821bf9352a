namespace Sluice.Testing;

/// <summary>
/// Splits a recorded stream into its events without any code of the product, so that readers are tested against a second opinion. Takes bytes in
/// any pieces.
/// </summary>
public sealed class SseSplitter
{
    private readonly List<byte> _line = [];
    private readonly List<byte> _data = [];
    private readonly List<byte> _raw = [];
    private string _event = string.Empty;
    private bool _hasData;

    /// <summary>Events so far: name, data, and all their bytes.</summary>
    public List<(string Event, byte[] Data, byte[] Raw)> Events { get; } = [];

    /// <summary>All events of a whole stream, fed byte by byte.</summary>
    public static List<(string Event, byte[] Data, byte[] Raw)> Split(ReadOnlySpan<byte> stream)
    {
        var splitter = new SseSplitter();
        foreach (var b in stream)
        {
            splitter.Feed(b);
        }

        splitter.End();
        return splitter.Events;
    }

    /// <summary>Takes one byte.</summary>
    public void Feed(byte b)
    {
        _raw.Add(b);
        if (b != (byte)'\n')
        {
            _line.Add(b);
            return;
        }

        if (_line.Count > 0 && _line[^1] == (byte)'\r')
        {
            _line.RemoveAt(_line.Count - 1);
        }

        TakeLine();
    }

    /// <summary>The stream closed: a last event without its blank line counts.</summary>
    public void End()
    {
        if (_line.Count > 0)
        {
            TakeLine();
        }

        Dispatch();
    }

    private void TakeLine()
    {
        if (_line.Count == 0)
        {
            Dispatch();
            return;
        }

        var colon = _line.IndexOf((byte)':');
        var name = System.Text.Encoding.UTF8.GetString([.. colon < 0 ? _line : _line.Take(colon)]);
        var value = colon < 0 ? [] : _line.Skip(colon + 1).ToList();
        if (value.Count > 0 && value[0] == (byte)' ')
        {
            value.RemoveAt(0);
        }

        if (name == "data")
        {
            if (_hasData)
            {
                _data.Add((byte)'\n');
            }

            _data.AddRange(value);
            _hasData = true;
        }
        else if (name == "event")
        {
            _event = System.Text.Encoding.UTF8.GetString([.. value]);
        }

        _line.Clear();
    }

    private void Dispatch()
    {
        if (_hasData || _event.Length > 0)
        {
            Events.Add((_event, [.. _data], [.. _raw]));
        }

        _data.Clear();
        _raw.Clear();
        _event = string.Empty;
        _hasData = false;
    }
}
