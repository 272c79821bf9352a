using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

/// <summary>An event stream read by the letter of the standard, for tests.</summary>
internal sealed record SseEvent(string? Name, string Data)
{
    public JsonElement Json => JsonDocument.Parse(Data).RootElement;

    public static IReadOnlyList<SseEvent> Read(string stream)
    {
        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        var events = new List<SseEvent>();
        foreach (var block in stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string? name = null;
            var data = new StringBuilder();
            foreach (var line in block.Split('\n'))
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    name = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    data.Append(line.AsSpan(6));
                }
                else
                {
                    Assert.StartsWith(":", line, StringComparison.Ordinal);
                }
            }

            if (data.Length > 0)
            {
                events.Add(new SseEvent(name, data.ToString()));
            }
        }

        return events;
    }
}
