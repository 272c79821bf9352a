using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Protocols.Native;

/// <summary>
/// Sends an answer a second time: the same bytes but for what belongs to one call. The id is new (its vendor's prefix stays), the time is now, all
/// counts of what was used are zero. What cannot be read passes as it is.
/// </summary>
public static class AnswerReplay
{
    private const byte LineFeed = (byte)'\n';

    /// <summary>The answer anew.</summary>
    /// <param name="answer">As a client got it: one JSON document, or server-sent events.</param>
    /// <param name="members">Of the client's format.</param>
    /// <param name="id">What its id ends with: letters and digits.</param>
    /// <param name="created">Unix seconds.</param>
    public static ReadOnlyMemory<byte> Write(ReadOnlySpan<byte> answer, AnswerMembers members, string id, long created)
    {
        var output = new ArrayBufferWriter<byte>(answer.Length + 256);
        var text = answer.TrimStart(" \t\r\n"u8);
        if (!text.IsEmpty && text[0] is (byte)'{' or (byte)'[')
        {
            WriteJson(answer, members, id, created, output);
        }
        else
        {
            WriteEvents(answer, members, id, created, output);
        }

        return output.WrittenMemory;
    }

    // data: {…}
    private static void WriteEvents(ReadOnlySpan<byte> events, AnswerMembers members, string id, long created, ArrayBufferWriter<byte> output)
    {
        while (!events.IsEmpty)
        {
            var end = events.IndexOf(LineFeed);
            var line = end < 0 ? events : events[..(end + 1)];
            events = events[line.Length..];
            var brace = line.IndexOf((byte)'{');
            if (brace > 0 && line.StartsWith("data:"u8) && line[5..brace].Trim((byte)' ').IsEmpty)
            {
                output.Write(line[..brace]);
                var json = line[brace..].TrimEnd("\r\n"u8);
                WriteJson(json, members, id, created, output);
                output.Write(line[(brace + json.Length)..]);
            }
            else
            {
                output.Write(line);
            }
        }
    }

    private static void WriteJson(ReadOnlySpan<byte> json, AnswerMembers members, string id, long created, ArrayBufferWriter<byte> output)
    {
        var edits = new List<BodyEdit>();
        try
        {
            var walk = new Walk(json, members, id, created, edits);
            walk.Run();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            edits.Clear();
        }

        BodyEdits.Of(edits, json.Length).CopyTo(json, output);
    }

    private ref struct Walk(ReadOnlySpan<byte> text, AnswerMembers members, string id, long created, List<BodyEdit> edits)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private Utf8JsonReader _json = new(text, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });

        public void Run()
        {
            while (_json.Read())
            {
                if (_json.TokenType == JsonTokenType.StartObject)
                {
                    Members(isTop: true);
                }
            }
        }

        private void Members(bool isTop)
        {
            while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
            {
                var name = (int)_json.TokenStartIndex;
                var isId = _json.ValueTextEquals(members.Id);
                var isCreated = members.Created is { } time && _json.ValueTextEquals(time);
                var isUsage = _json.ValueTextEquals(members.Usage);
                var isInside = isTop && members.Inside is { } inside && _json.ValueTextEquals(inside);
                var isMetadata = _json.ValueTextEquals(members.RouterMetadata);
                _json.Read();
                var start = (int)_json.TokenStartIndex;
                switch (_json.TokenType)
                {
                    case JsonTokenType.String when isId:
                        Replace(start, BodyEdits.Quoted(Prefix(_json.GetString()!) + id));
                        break;
                    case JsonTokenType.Number when isCreated:
                        Replace(start, Encoding.ASCII.GetBytes(created.ToString(CultureInfo.InvariantCulture)));
                        break;
                    case JsonTokenType.StartObject when isUsage:
                        Zero();
                        break;
                    case JsonTokenType.StartObject when isInside:
                        Members(isTop: false);
                        break;
                    default:
                        _json.Skip();
                        break;
                }

                if (isMetadata)
                {
                    var end = (int)_json.BytesConsumed;
                    var member = new EnvelopeMember(members.RouterMetadata, new BodySpan(name, end - name), new BodySpan(start, end - start));
                    BodyEdits.Remove([member], _text, edits);
                }
            }
        }

        private void Zero()
        {
            var depth = _json.CurrentDepth;
            while (_json.Read() && _json.CurrentDepth > depth)
            {
                if (_json.TokenType == JsonTokenType.Number)
                {
                    Replace((int)_json.TokenStartIndex, "0"u8.ToArray());
                }
            }
        }

        private readonly void Replace(int start, byte[] with) => edits.Add(new BodyEdit(new BodySpan(start, (int)_json.BytesConsumed - start), with));

        // chatcmpl-…, msg_…, resp_…: agents tell vendors' ids by it.
        private static string Prefix(string old) => old[..(old.AsSpan().IndexOfAny('-', '_') + 1)];
    }
}
