using System.Buffers;

namespace Sluice.Protocols.Native;

/// <summary>
/// Leaves out <c>usage</c> and <c>system_fingerprint</c> of a Chat chunk where they are null. OpenAI writes them so into every chunk, OpenRouter
/// never, and its SDK, which holds every chunk against a schema, would throw.
/// </summary>
internal static class NullMembers
{
    /// <summary>Writes one event's bytes without them.</summary>
    public static void WriteWithout(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        while (First(Find(chunk, "\"usage\""u8), Find(chunk, "\"system_fingerprint\""u8)) is { } member)
        {
            output.Write(chunk[..member.Start]);
            chunk = chunk[member.End..];
        }

        output.Write(chunk);
    }

    private static (int Start, int End)? First((int Start, int End)? one, (int Start, int End)? other) =>
        one is null || other?.Start < one.Value.Start ? other : one;

    // Inside a text a quote has a backslash before it: what is found with both its quotes and a colon behind is a member's name.
    private static (int Start, int End)? Find(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> quotedName)
    {
        var start = chunk.IndexOf(quotedName);
        if (start < 0)
        {
            return null;
        }

        var end = PastSpace(chunk, start + quotedName.Length);
        if (end == chunk.Length || chunk[end] != (byte)':')
        {
            return null;
        }

        end = PastSpace(chunk, end + 1);
        if (!chunk[end..].StartsWith("null"u8))
        {
            return null;
        }

        end += "null"u8.Length;
        var before = chunk[..start].TrimEnd((byte)' ');
        if (before.EndsWith(","u8))
        {
            return (before.Length - 1, end);
        }

        var after = PastSpace(chunk, end);
        return (start, after < chunk.Length && chunk[after] == (byte)',' ? after + 1 : end);
    }

    private static int PastSpace(ReadOnlySpan<byte> chunk, int at)
    {
        while (at < chunk.Length && chunk[at] == (byte)' ')
        {
            at++;
        }

        return at;
    }
}
