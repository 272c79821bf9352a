using System.Buffers.Binary;

namespace Sluice.Protocols.Native;

/// <summary>
/// Names a conversation by its opening, for clients that send no session: system text and developer turns, then the first other turn. Only texts
/// count. Clients move cache marks from turn to turn and write one text now as a string and now as a list of parts; tools come and go within a
/// conversation.
/// </summary>
/// <param name="Hash">The same in every turn, and after a restart.</param>
/// <param name="Bytes">Bytes of the texts that were hashed.</param>
public readonly record struct OpeningKey(ulong Hash, int Bytes)
{
    // A quarter of a megabyte of the same text is the same conversation.
    private const int MostBytes = 256 * 1024;

    /// <summary>The key of a body that was scanned; null where it has no turns.</summary>
    public static OpeningKey? Of(ReadOnlySpan<byte> body, Envelope envelope)
    {
        var opening = envelope.Opening;
        if (!opening.First.Exists)
        {
            return null;
        }

        var texts = new Texts();
        texts.Add(At(body, opening.System));
        foreach (var turn in (ReadOnlySpan<BodySpan>)[opening.First, opening.Second, opening.Third, opening.Fourth])
        {
            texts.EndPart();
            if (!texts.Add(At(body, turn)))
            {
                break;
            }
        }

        return new OpeningKey(texts.Hash, texts.Bytes);
    }

    private static ReadOnlySpan<byte> At(ReadOnlySpan<byte> body, BodySpan span) => body.Slice(span.Start, span.Length);

    /// <summary>Goes from string to string; the scan has proved that they are closed.</summary>
    private struct Texts()
    {
        public ulong Hash { get; private set; } = 0x9E3779B97F4A7C15;

        public int Bytes { get; private set; }

        /// <summary>Adds the texts of one value; true when it is a turn of the system or the developer.</summary>
        public bool Add(ReadOnlySpan<byte> json)
        {
            var isSystem = false;
            var name = default(ReadOnlySpan<byte>);
            while (Bytes < MostBytes && json.IndexOf((byte)'"') is >= 0 and var quote)
            {
                json = json[(quote + 1)..];
                var text = json[..Length(json)];
                json = json[Math.Min(text.Length + 1, json.Length)..];
                var behind = json.TrimStart(" \t\r\n"u8);
                if (behind.StartsWith(":"u8))
                {
                    name = text;
                    json = name.SequenceEqual("cache_control"u8) ? BehindObject(behind[1..]) : behind[1..];
                }
                else if (name.SequenceEqual("role"u8))
                {
                    isSystem |= text.SequenceEqual("system"u8) || text.SequenceEqual("developer"u8);
                }
                else if (!name.SequenceEqual("type"u8) && !name.SequenceEqual("id"u8))
                {
                    Mix(text);
                }
            }

            return isSystem;
        }

        /// <summary>What follows is another turn: texts that move from one to the next are not the same.</summary>
        public void EndPart() => Hash = Fold(Hash ^ 0x1D);

        // {"type":"ephemeral","ttl":"1h"}: marks hold no objects.
        private static ReadOnlySpan<byte> BehindObject(ReadOnlySpan<byte> json) =>
            json.TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? json[(json.IndexOf((byte)'}') + 1)..] : json;

        // To the closing quote; escapes stay as they are, since each client writes its own ones alike every time.
        private static int Length(ReadOnlySpan<byte> text)
        {
            var at = 0;
            while (at < text.Length && text[at..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var found)
            {
                at += found;
                if (text[at] == (byte)'"')
                {
                    return at;
                }

                at += 2;
            }

            return text.Length;
        }

        // Eight bytes at a time, folded by a wide product. Not a cryptographic hash: who makes collisions finds his own cache cold.
        private void Mix(ReadOnlySpan<byte> text)
        {
            text = text[..Math.Min(text.Length, MostBytes - Bytes)];
            Bytes += text.Length;
            var hash = Fold(Hash ^ (ulong)text.Length);
            while (text.Length >= sizeof(ulong))
            {
                hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(text));
                text = text[sizeof(ulong)..];
            }

            var rest = 0UL;
            for (var i = 0; i < text.Length; i++)
            {
                rest |= (ulong)text[i] << (8 * i);
            }

            Hash = Fold(hash ^ rest);
        }

        private static ulong Fold(ulong value)
        {
            var high = Math.BigMul(value ^ 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, out var low);
            return high ^ low;
        }
    }
}
