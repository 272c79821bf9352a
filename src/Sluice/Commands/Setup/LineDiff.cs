using System.Text;

namespace Sluice.Commands.Setup;

/// <summary>The lines that differ between two small texts, as <c>diff -u</c> marks them.</summary>
internal static class LineDiff
{
    private const int Context = 2;

    public static IEnumerable<string> Of(byte[] before, byte[] after)
    {
        var a = Lines(before);
        var b = Lines(after);

        // Edits here are one block in a small file: what the texts share at both ends is cut off, the rest is the change.
        var head = 0;
        while (head < a.Length && head < b.Length && a[head] == b[head])
        {
            head++;
        }

        var tail = 0;
        while (tail < a.Length - head && tail < b.Length - head && a[^(tail + 1)] == b[^(tail + 1)])
        {
            tail++;
        }

        return a[Math.Max(0, head - Context)..head].Select(line => "  " + line)
            .Concat(a[head..^tail].Select(line => "- " + line))
            .Concat(b[head..^tail].Select(line => "+ " + line))
            .Concat(b[^tail..].Take(Context).Select(line => "  " + line));
    }

    private static string[] Lines(byte[] content) => content.Length == 0 ? [] : Encoding.UTF8.GetString(content).TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
}
