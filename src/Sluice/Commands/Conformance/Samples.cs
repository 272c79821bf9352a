using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Commands.Conformance;

/// <summary>What the conversations show, ask and declare.</summary>
internal static class Samples
{
    /// <summary>32 by 32 pixels of red.</summary>
    public static readonly MediaSource RedPng = new MediaSource.Base64(
        "image/png",
        "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9AAAAAElF" +
        "TkSuQmCC");

    /// <summary>One page that says: The bird is a heron.</summary>
    public static readonly MediaSource HeronPdf = new MediaSource.Base64(
        "application/pdf",
        "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZy9QYWdlcyAyIDAgUj4+ZW5kb2JqCjIgMCBvYmo8PC9UeXBlL1BhZ2VzL0tpZHNbMyAwIFJdL0NvdW50" +
        "IDE+PmVuZG9iagozIDAgb2JqPDwvVHlwZS9QYWdlL1BhcmVudCAyIDAgUi9NZWRpYUJveFswIDAgMzIwIDIwMF0vQ29udGVudHMgNCAwIFIvUmVzb3VyY2Vz" +
        "PDwvRm9udDw8L0YxIDUgMCBSPj4+Pj4+ZW5kb2JqCjQgMCBvYmo8PC9MZW5ndGggNTE+PnN0cmVhbQpCVCAvRjEgMjQgVGYgMjAgMTAwIFRkIChUaGUgYmly" +
        "ZCBpcyBhIGhlcm9uLikgVGogRVQKZW5kc3RyZWFtZW5kb2JqCjUgMCBvYmo8PC9UeXBlL0ZvbnQvU3VidHlwZS9UeXBlMS9CYXNlRm9udC9IZWx2ZXRpY2E+" +
        "PmVuZG9iagp4cmVmCjAgNgowMDAwMDAwMDAwIDY1NTM1IGYgCjAwMDAwMDAwMDkgMDAwMDAgbiAKMDAwMDAwMDA1MiAwMDAwMCBuIAowMDAwMDAwMTAxIDAw" +
        "MDAwIG4gCjAwMDAwMDAyMTEgMDAwMDAgbiAKMDAwMDAwMDMwNyAwMDAwMCBuIAp0cmFpbGVyPDwvU2l6ZSA2L1Jvb3QgMSAwIFI+PgpzdGFydHhyZWYKMzY4" +
        "CiUlRU9GCg==");

    /// <summary>An object with the one text member <c>city</c>.</summary>
    public static readonly RawJson CitySchema = RawJson.FromText("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""");

    public static readonly Tool Weather = new FunctionTool("get_weather", "Tells the weather of one city.", CitySchema);

    public static readonly Tool Ping = new FunctionTool("ping", "Answers that it is there.", RawJson.FromText("""{"type":"object","properties":{}}"""));

    /// <summary>About <paramref name="tokens"/> tokens of prose without meaning, with <paramref name="needle"/> near the beginning: what is cut off first, and where an echo of few tokens still has it.</summary>
    public static string Haystack(int tokens, string needle)
    {
        // Nine words and the number are about twelve tokens at every vendor.
        var lines = Math.Max(2, tokens / 12);
        var text = new StringBuilder(lines * 52);
        for (var i = 0; i < lines; i++)
        {
            text.Append(i == Math.Min(20, lines / 2) ? needle : $"Line {i}: the river was calm and nothing happened.").Append('\n');
        }

        return text.ToString();
    }
}
