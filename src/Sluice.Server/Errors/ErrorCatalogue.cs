using System.Text;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>The catalogue of errors: the whole page, and what it says of one kind.</summary>
internal sealed class ErrorCatalogue
{
    private readonly Dictionary<string, string> _pages = new(StringComparer.Ordinal);

    private ErrorCatalogue(string whole)
    {
        Whole = whole;
        var rows = Rows(whole);
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            var word = ErrorWords.Of(kind);
            _pages[word] = Page(kind, word, rows.Where(row => row.Cells.Contains($"`{word}`", StringComparer.Ordinal)));
        }
    }

    /// <summary>The page of the documents, as it stands there.</summary>
    public string Whole { get; }

    /// <summary>Reads the page that is part of the program.</summary>
    public static ErrorCatalogue Read()
    {
        using var stream = typeof(ErrorCatalogue).Assembly.GetManifestResourceStream("errors.md") ?? throw new InvalidOperationException("The catalogue of errors is not in the program.");
        using var reader = new StreamReader(stream);
        return new ErrorCatalogue(reader.ReadToEnd());
    }

    /// <summary>About one kind; null where there is none of that name.</summary>
    public string? PageOf(string kind) => _pages.GetValueOrDefault(kind);

    private static string Page(ErrorKind kind, string word, IEnumerable<Row> rows)
    {
        var page = new StringBuilder();
        page.Append(word).Append("\n\n").Append(Meanings.Of(kind)).Append("\nWhat to do: ").Append(Remedies.Of(kind)).Append('\n');
        foreach (var row in rows)
        {
            page.Append('\n').Append(row.Section).Append('\n');
            foreach (var (column, cell) in row.Columns.Zip(row.Cells).Where(pair => pair.Second.Length > 0 && pair.First != "kind"))
            {
                page.Append("  ").Append(column.Replace("`", "", StringComparison.Ordinal)).Append(": ").Append(cell.Replace("`", "", StringComparison.Ordinal)).Append('\n');
            }
        }

        return page.Append("\nOf a request of your own: 'sluice explain ID' has every attempt, 'sluice doctor --request ID' says whether it was the key, the quota,\n")
            .Append("the provider or the request. All kinds: ").Append(ErrorPages.Root).Append('\n').ToString();
    }

    // A table's first line names its columns; the second is dashes.
    private static List<Row> Rows(string page)
    {
        var rows = new List<Row>();
        var section = "";
        string[] columns = [];
        foreach (var line in page.Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                section = line[3..];
            }

            if (!line.StartsWith('|'))
            {
                columns = [];
                continue;
            }

            string[] cells = [.. line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())];
            if (columns.Length == 0)
            {
                columns = cells;
            }
            else if (!line.StartsWith("|---", StringComparison.Ordinal))
            {
                rows.Add(new Row(section, columns, cells));
            }
        }

        return rows;
    }

    private sealed record Row(string Section, string[] Columns, string[] Cells);
}
