using System.Text;
using System.Text.Unicode;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>
/// Finds in one forward pass over a <c>multipart/form-data</c> body what routing needs: the model and where its value stands, the stream flag, and what is
/// asked for. Files are stepped over, not copied. What Sluice decides by must be what the upstream reads, so a second <c>model</c> and a part whose name
/// can be read in two ways are refused. Never throws.
/// </summary>
/// <remarks>RFC 7578: <c>--BOUNDARY CRLF headers CRLF CRLF value CRLF --BOUNDARY … --BOUNDARY--</c></remarks>
public static class FormScanner
{
    private const int LongestBoundary = 70;
    private const int LongestHead = 4096;
    private const int LongestModel = 512;
    private const int MostParts = 128;

    /// <summary>The content type names a form.</summary>
    public static bool IsForm(string? contentType) => contentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>Scans one body.</summary>
    /// <param name="protocol">The format that the client's path names.</param>
    /// <param name="contentType">The request's, with its <c>boundary</c>.</param>
    /// <param name="body">The whole body.</param>
    public static EnvelopeResult Scan(WireProtocol protocol, string contentType, ReadOnlySpan<byte> body)
    {
        if (Boundary(contentType) is not { } boundary)
        {
            return Fault("The Content-Type names no boundary.");
        }

        var delimiter = Encoding.ASCII.GetBytes("\r\n--" + boundary);
        if (!body.StartsWith(delimiter.AsSpan(2)))
        {
            return Fault("The form does not begin with its boundary.");
        }

        var envelope = new Envelope { Protocol = protocol, IsForm = true, BodyStart = 0 };
        var ask = new MediaAsk();
        var hasSound = false;
        var at = delimiter.Length - 2;
        for (var parts = 0; parts < MostParts; parts++)
        {
            if (body[at..].StartsWith("--"u8))
            {
                return new EnvelopeResult(envelope with { Media = ask, MemberCount = parts }, null);
            }

            var head = body[at..];
            var headLength = head[..Math.Min(head.Length, LongestHead)].IndexOf("\r\n\r\n"u8);
            if (!head.StartsWith("\r\n"u8) || headLength < 0)
            {
                return Fault("A part of the form has no head of its own.");
            }

            var start = at + headLength + 4;
            var length = body[start..].IndexOf(delimiter);
            if (length < 0)
            {
                return Fault("The form is not closed by its boundary.");
            }

            var (name, isFile, misread) = Disposition(head[..headLength]);
            if (name is null || misread)
            {
                return Fault("A part of the form has no name, or more than one.");
            }

            var value = body.Slice(start, length);
            if (isFile && name == "file")
            {
                if (hasSound)
                {
                    return Fault("`file` is given twice.", "file");
                }

                hasSound = true;
                ask = WithSound(ask, value);
            }
            else if (!isFile && name == "model")
            {
                if (envelope.ModelValue.Exists)
                {
                    return Fault("`model` is given twice.", "model");
                }

                if (value.Length is 0 or > LongestModel || !Utf8.IsValid(value) || value.ContainsAnyInRange((byte)0, (byte)31))
                {
                    return Fault("`model` must be a name.", "model");
                }

                envelope = envelope with { Model = Encoding.UTF8.GetString(value), ModelValue = new BodySpan(start, length) };
            }
            else if (!isFile && name == "stream")
            {
                envelope = envelope with { Stream = value.SequenceEqual("true"u8) || value.SequenceEqual("True"u8) || value.SequenceEqual("1"u8) };
            }
            else if (!isFile && (value.Length <= MediaAsk.LongestWord || MediaAskReader.IsText(name)))
            {
                ask = MediaAskReader.With(ask, name, Encoding.UTF8.GetString(value), length);
            }

            at = start + length + delimiter.Length;
        }

        return Fault($"The form has more than {MostParts} parts.");
    }

    private static MediaAsk WithSound(MediaAsk ask, ReadOnlySpan<byte> file)
    {
        var exact = SoundLength.OfWav(file);
        return ask with { AudioMilliseconds = exact ?? SoundLength.OfBytes(file.Length), AudioIsExact = exact is not null };
    }

    private static string? Boundary(string contentType)
    {
        var at = contentType.IndexOf("boundary=", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var rest = contentType.AsSpan(at + "boundary=".Length);
        if (rest.StartsWith("\""))
        {
            rest = rest[1..];
            var quote = rest.IndexOf('"');
            rest = quote < 0 ? default : rest[..quote];
        }
        else
        {
            var end = rest.IndexOf(';');
            rest = (end < 0 ? rest : rest[..end]).Trim();
        }

        return rest.Length is > 0 and <= LongestBoundary && Ascii.IsValid(rest) ? rest.ToString() : null;
    }

    /// <summary>Name of a part, and whether it is a file: <c>Content-Disposition: form-data; name="file"; filename="a.wav"</c>.</summary>
    private static (string? Name, bool IsFile, bool Misread) Disposition(ReadOnlySpan<byte> head)
    {
        (string? Name, bool IsFile, bool Misread) found = default;
        foreach (var line in Encoding.UTF8.GetString(head).Split("\r\n"))
        {
            if (!line.StartsWith("Content-Disposition:", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var (key, value) in Parameters(line))
            {
                if (key.Equals("name", StringComparison.OrdinalIgnoreCase))
                {
                    found.Misread |= found.Name is not null;
                    found.Name = value;
                }
                else if (key.StartsWith("name*", StringComparison.OrdinalIgnoreCase))
                {
                    found.Misread = true;
                }
                else if (key.StartsWith("filename", StringComparison.OrdinalIgnoreCase))
                {
                    found.IsFile = true;
                }
            }
        }

        return found;
    }

    // Quoted values may hold semicolons and escaped quotes.
    private static List<(string Key, string Value)> Parameters(string line)
    {
        var parameters = new List<(string, string)>();
        var at = line.IndexOf(';', StringComparison.Ordinal);
        while (at >= 0 && at + 1 < line.Length)
        {
            var equals = line.IndexOf('=', at);
            if (equals < 0)
            {
                break;
            }

            var key = line[(at + 1)..equals].Trim();
            var start = equals + 1;
            var value = new StringBuilder();
            if (start < line.Length && line[start] == '"')
            {
                for (start++; start < line.Length && line[start] != '"'; start++)
                {
                    start += line[start] == '\\' && start + 1 < line.Length ? 1 : 0;
                    value.Append(line[start]);
                }

                at = line.IndexOf(';', Math.Min(start, line.Length));
            }
            else
            {
                at = line.IndexOf(';', start);
                value.Append(line[start..(at < 0 ? line.Length : at)].Trim());
            }

            parameters.Add((key, value.ToString()));
        }

        return parameters;
    }

    private static EnvelopeResult Fault(string message, string? param = null) =>
        new(null, new UpstreamError(ErrorKind.InvalidRequest, message) { Status = 400, Type = "invalid_request_error", Param = param });
}
