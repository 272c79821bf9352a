using System.Globalization;
using System.Text;

namespace Sluice.Server.Relay;

/// <summary>Text that may stand in a header. Model names come from clients and header values from upstreams; one letter outside ASCII, and Kestrel would refuse to send an answer that has been paid for.</summary>
internal static class HeaderText
{
    /// <summary>The text with everything but printable ASCII percent-encoded; the same instance where nothing is.</summary>
    public static string Of(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 ? text : Encode(text);

    private static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= ' ' and <= '~')
            {
                encoded.Append((char)rune.Value);
                continue;
            }

            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
            }
        }

        return encoded.ToString();
    }
}
