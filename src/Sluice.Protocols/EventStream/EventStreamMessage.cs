using System.Buffers.Binary;

namespace Sluice.Protocols.EventStream;

/// <summary>
/// One frame of <c>application/vnd.amazon.eventstream</c>: total length, length of the headers and the sum of these two (12 bytes, big endian);
/// headers; payload; the sum of all that. What is kept here are places within the frame.
/// </summary>
internal readonly struct EventStreamMessage
{
    /// <summary>Bytes of the two lengths and their sum.</summary>
    public const int PreludeLength = 12;

    private const int TrailerLength = 4;

    /// <summary>The smallest frame: neither headers nor payload.</summary>
    public const int SmallestLength = PreludeLength + TrailerLength;

    /// <summary><c>:message-type</c>: <c>event</c>, <c>exception</c> or <c>error</c>.</summary>
    public Range MessageType { get; private init; }

    /// <summary><c>:event-type</c>, <c>:exception-type</c> or <c>:error-code</c>, whichever is there.</summary>
    public Range Name { get; private init; }

    /// <summary><c>:error-message</c>.</summary>
    public Range ErrorMessage { get; private init; }

    /// <summary>The frame has an <c>:exception-type</c> or an <c>:error-code</c>.</summary>
    public bool IsFailure { get; private init; }

    /// <summary>The payload.</summary>
    public Range Payload { get; private init; }

    /// <summary>Reads the prelude; false where its sum is wrong or its lengths cannot be.</summary>
    public static bool TryReadPrelude(ReadOnlySpan<byte> bytes, out uint totalLength, out uint headersLength)
    {
        totalLength = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        headersLength = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) == Crc32.Of(bytes[..8])
            && totalLength >= SmallestLength
            && headersLength <= totalLength - SmallestLength;
    }

    /// <summary>Reads a whole frame whose prelude was good; false where its sum or a header is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, int headersLength, out EventStreamMessage message)
    {
        message = default;
        var sum = BinaryPrimitives.ReadUInt32BigEndian(frame[^TrailerLength..]);
        if (sum != Crc32.Of(frame[..^TrailerLength]))
        {
            return false;
        }

        Range type = default, name = default, errorMessage = default;
        var failure = false;
        var end = PreludeLength + headersLength;
        var at = PreludeLength;
        while (at < end)
        {
            if (!TryReadHeader(frame[..end], ref at, out var key, out var value))
            {
                return false;
            }

            switch (frame[key])
            {
                case var k when k.SequenceEqual(":message-type"u8):
                    type = value;
                    break;
                case var k when k.SequenceEqual(":event-type"u8):
                    name = value;
                    break;
                case var k when k.SequenceEqual(":exception-type"u8) || k.SequenceEqual(":error-code"u8):
                    name = value;
                    failure = true;
                    break;
                case var k when k.SequenceEqual(":error-message"u8):
                    errorMessage = value;
                    break;
            }
        }

        message = new EventStreamMessage
        {
            MessageType = type,
            Name = name,
            ErrorMessage = errorMessage,
            IsFailure = failure || frame[type].SequenceEqual("exception"u8) || frame[type].SequenceEqual("error"u8),
            Payload = end..(frame.Length - TrailerLength),
        };
        return true;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> bytes, ref int at, out Range key, out Range value)
    {
        key = value = default;
        int keyLength = bytes[at++];
        if (keyLength == 0 || at + keyLength + 1 > bytes.Length)
        {
            return false;
        }

        key = at..(at + keyLength);
        at += keyLength;
        var type = bytes[at++];
        int length;
        switch (type)
        {
            case 0 or 1: // true, false: the type is the value
                length = 0;
                break;
            case 2: // byte
                length = 1;
                break;
            case 3: // 16 bits
                length = 2;
                break;
            case 4: // 32 bits
                length = 4;
                break;
            case 5 or 8: // 64 bits, time
                length = 8;
                break;
            case 9: // UUID
                length = 16;
                break;
            case 6 or 7 when at + 2 <= bytes.Length: // bytes, text
                length = BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);
                at += 2;
                break;
            default:
                return false;
        }

        if (at + length > bytes.Length)
        {
            return false;
        }

        // Only texts are looked at; a number must not pass for one.
        value = type == 7 ? at..(at + length) : at..at;
        at += length;
        return true;
    }
}
