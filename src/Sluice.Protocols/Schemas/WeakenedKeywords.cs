namespace Sluice.Protocols.Schemas;

/// <summary>Notes what a conversion could not keep; bounded, since a schema may hold any words.</summary>
internal sealed class WeakenedKeywords
{
    private const int MostNames = 32;
    private const int LongestName = 40;

    private readonly List<string> _names = [];

    /// <summary>In order of discovery, each once.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Notes one keyword; characters that may not stand in a header are left out.</summary>
    public void Add(string keyword)
    {
        var name = new string([.. keyword.Where(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.').Take(LongestName)]);
        if (name.Length > 0 && _names.Count < MostNames && !_names.Contains(name, StringComparer.Ordinal))
        {
            _names.Add(name);
        }
    }
}
