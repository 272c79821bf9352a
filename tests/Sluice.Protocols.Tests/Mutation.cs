using System.Text;

namespace Sluice.Protocols.Tests;

/// <summary>Breaks bytes as peers, networks and malice do; by a seed, so that a failure comes again.</summary>
internal static class Mutation
{
    // What JSON hangs on, numbers at the edge, half a surrogate pair as text and as a name, and bytes that are no UTF-8.
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-1", "1e999", "1e18", "0.5", "{}", "[]", "\"\"", "\"\\ud83d\"", "{\"\\ud83d\":1}", "\"type\":", "\"content\":", "\"text\"",
            "\"tool_result\"", "\"thinking\"", "\"cache_control\":7", "\"\\ud83d\":1,", "\n", "\u0000", "\u2028",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f],
    ];

    /// <summary>The bytes with one to three changes, or none of them at all.</summary>
    public static byte[] Of(byte[] original, Random random)
    {
        if (random.Next(20) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }

        var body = original.ToList();
        for (var changes = random.Next(1, 4); changes > 0 && body.Count > 0; changes--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(5))
            {
                case 0:
                    body.RemoveRange(at, Math.Min(random.Next(1, 12), body.Count - at));
                    break;
                case 1:
                    body.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    body[at] = (byte)random.Next(256);
                    break;
                case 3:
                    ReplaceValue(body, at, random);
                    break;
                default:
                    // The same piece twice: members and blocks that repeat.
                    body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(1, 80), body.Count - at)));
                    break;
            }
        }

        return [.. body];
    }

    // A whole value for another, so that the body stays JSON and the reader's own checks are reached.
    private static void ReplaceValue(List<byte> body, int at, Random random)
    {
        var colon = body.IndexOf((byte)':', at);
        if (colon < 0)
        {
            return;
        }

        var end = colon + 1;
        var inString = false;
        for (var depth = 0; end < body.Count; end++)
        {
            var c = body[end];
            if (c == '"' && body[end - 1] != '\\')
            {
                inString = !inString;
            }
            else if (!inString)
            {
                if (depth == 0 && (c is (byte)',' or (byte)'}' or (byte)']'))
                {
                    break;
                }

                depth += c is (byte)'{' or (byte)'[' ? 1 : c is (byte)'}' or (byte)']' ? -1 : 0;
            }
        }

        string[] values = ["null", "7", "-1.5", "1e300", "true", "\"x\"", "\"\\ud83d\"", "[]", "{}", "[null]", "[\"a\",{\"type\":\"text\"}]", "{\"type\":\"tool_use\"}"];
        body.RemoveRange(colon + 1, end - colon - 1);
        body.InsertRange(colon + 1, Encoding.UTF8.GetBytes(values[random.Next(values.Length)]));
    }

    /// <summary>The bytes are one JSON value.</summary>
    public static bool IsJson(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(bytes, new System.Text.Json.JsonDocumentOptions { MaxDepth = 1024 });
            return true;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
