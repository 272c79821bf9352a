using System.Text.Json;

namespace Sluice.Protocols.Native;

/// <summary>
/// The words that tell what a request is about: what its user said last, and how its instructions begin. The same in every client's format: a text
/// is what stands under <c>text</c> in a part, or under <c>content</c> of a turn, or a turn that is nothing but a string. Reads some kilobytes of
/// texts, however long the conversation is, and never throws for what a body holds.
/// </summary>
/// <param name="User">Letters of the user's words that were written into the buffer.</param>
/// <param name="UserBytes">Bytes that the user's words have in the body, read or not.</param>
/// <param name="Instructions">Letters of the instructions that were written into the buffer.</param>
/// <param name="IsPlanning">The client says beside the user's words that it is in its planning mode.</param>
public readonly record struct PromptWords(int User, int UserBytes, int Instructions, bool IsPlanning)
{
    // A turn behind so many results of tools has been worked on for long: what the conversation began with says as much.
    private const int LastTurns = 8;

    /// <summary>Finds them in a body that was scanned.</summary>
    /// <param name="envelope">The scan of <paramref name="body"/>.</param>
    /// <param name="body">The client's whole body.</param>
    /// <param name="user">Gets the user's words: ASCII letters in lower case, all else that is no ASCII as spaces.</param>
    /// <param name="instructions">Gets the beginning of the instructions, likewise.</param>
    public static PromptWords Find(Envelope envelope, ReadOnlySpan<byte> body, Span<char> user, Span<char> instructions)
    {
        var opening = envelope.Opening;
        var system = new WordBuffer(instructions);
        if (opening.System.Exists)
        {
            TurnWords.Read(At(body, opening.System), ref system);
        }

        Span<BodySpan> turns = stackalloc BodySpan[LastTurns];
        var count = Last(envelope, body, turns);
        var words = new WordBuffer(user);
        for (var i = 0; i < count && words.Bytes == 0; i++)
        {
            Take(At(body, turns[i]), ref words, ref system);
        }

        ReadOnlySpan<BodySpan> first = [opening.First, opening.Second, opening.Third, opening.Fourth];
        for (var i = 0; i < first.Length && (words.Bytes == 0 || system.Length == 0); i++)
        {
            // Instructions stand first where they are turns; the user's words behind them are wanted only if no later ones were found.
            var found = words;
            Take(At(body, first[i]), ref found, ref system);
            words = words.Bytes == 0 ? found : words;
        }

        return new PromptWords(words.Length, words.Bytes, system.Length, words.IsPlanning);
    }

    private static void Take(ReadOnlySpan<byte> turn, ref WordBuffer user, ref WordBuffer system)
    {
        switch (TurnWords.SpeakerOf(turn))
        {
            case Speaker.User:
                TurnWords.Read(turn, ref user);
                break;
            case Speaker.Instructions:
                TurnWords.Read(turn, ref system);
                break;
        }
    }

    // The last turns, the very last first.
    internal static int Last(Envelope envelope, ReadOnlySpan<byte> body, Span<BodySpan> turns)
    {
        var opening = envelope.Opening;
        ReadOnlySpan<BodySpan> first = [opening.First, opening.Second, opening.Third, opening.Fourth];
        var count = 0;
        foreach (var turn in first)
        {
            if (turn.Exists)
            {
                turns[count++] = turn;
            }
        }

        if (envelope.MessageCount > first.Length && count == first.Length)
        {
            count = WalkOn(body, opening.Fourth.End, turns, count);
        }

        turns[..count].Reverse();
        return count;
    }

    private static int WalkOn(ReadOnlySpan<byte> body, int position, Span<BodySpan> turns, int count)
    {
        var walk = new JsonWalk(body) { Position = position };
        while (walk.PeekToken() == ',')
        {
            walk.Position++;
            if (walk.PeekToken() < 0)
            {
                break;
            }

            var turn = walk.Value();
            if (walk.Fault is not null)
            {
                break;
            }

            if (count == turns.Length)
            {
                turns[1..].CopyTo(turns);
                count--;
            }

            turns[count++] = turn;
        }

        return count;
    }

    private static ReadOnlySpan<byte> At(ReadOnlySpan<byte> body, BodySpan span) => body.Slice(span.Start, span.Length);
}

/// <summary>Whose words a turn holds.</summary>
internal enum Speaker
{
    /// <summary>A model's, a tool's, or nobody's.</summary>
    Other,

    /// <summary>The user's.</summary>
    User,

    /// <summary>The system's or the developer's.</summary>
    Instructions,
}

/// <summary>Reads one turn.</summary>
internal static class TurnWords
{
    /// <summary>Who speaks: a turn without a role is the user's, as Gemini and a bare string have it.</summary>
    public static Speaker SpeakerOf(ReadOnlySpan<byte> turn)
    {
        try
        {
            var json = new Utf8JsonReader(turn, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            if (turn.IsEmpty || !json.Read())
            {
                return Speaker.Other;
            }

            while (json.TokenType == JsonTokenType.StartObject ? json.Read() : json.TokenType == JsonTokenType.PropertyName || json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName)
                {
                    break;
                }

                var isRole = json.ValueTextEquals("role"u8);
                json.Read();
                if (isRole)
                {
                    return json.TokenType != JsonTokenType.String ? Speaker.Other
                        : json.ValueTextEquals("user"u8) ? Speaker.User
                        : json.ValueTextEquals("system"u8) || json.ValueTextEquals("developer"u8) ? Speaker.Instructions
                        : Speaker.Other;
                }

                json.Skip();
                json.Read();
            }

            return Speaker.User;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Speaker.Other;
        }
    }

    /// <summary>Adds the texts of a turn; those of tool results stand deeper and are not the user's.</summary>
    public static void Read<TSink>(ReadOnlySpan<byte> turn, ref TSink words)
        where TSink : ITextSink, allows ref struct
    {
        const int Turn = 1;
        const int PartOfTurn = 3;
        try
        {
            var json = new Utf8JsonReader(turn, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            var depth = 0;
            while (json.Read())
            {
                switch (json.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        var isText = json.CurrentDepth <= PartOfTurn && (json.ValueTextEquals("text"u8) || (json.CurrentDepth == Turn && json.ValueTextEquals("content"u8)));
                        depth = isText ? json.CurrentDepth : 0;
                        break;
                    case JsonTokenType.String when json.CurrentDepth == 0 || depth == json.CurrentDepth:
                        words.Add(json.ValueSpan);
                        depth = 0;
                        break;
                    default:
                        depth = 0;
                        break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: what was read so far is all there is.
        }
    }
}

/// <summary>Gets the texts of a turn.</summary>
internal interface ITextSink
{
    /// <summary>Adds one text as it stands in the body, escapes included.</summary>
    void Add(ReadOnlySpan<byte> text);
}

/// <summary>Collects texts, of long ones the beginning and the end: what is wanted of a pasted page stands before it or behind it.</summary>
/// <param name="room">Where they go; what no longer fits is counted and not kept.</param>
internal ref struct WordBuffer(Span<char> room) : ITextSink
{
    private const int Head = 1_400;
    private const int Tail = 600;

    private readonly Span<char> _room = room;

    /// <summary>Letters written.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of all texts.</summary>
    public int Bytes { get; private set; }

    /// <summary>A note of the client says that only a plan is wanted.</summary>
    public bool IsPlanning { get; private set; }

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> text)
    {
        if (IsNote(text))
        {
            IsPlanning |= text[..Math.Min(text.Length, Head)].IndexOf("lan mode is active"u8) >= 0;
            return;
        }

        Bytes += text.Length;
        if (text.Length <= Head + Tail)
        {
            Write(text);
            return;
        }

        Write(text[..Head]);
        Write(text[^Tail..]);
    }

    // <system-reminder>…</system-reminder>, <environment_context>…: what a client puts beside its user's words. Tags of pages have no such names.
    private static bool IsNote(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" "u8);
        while (text.StartsWith("\\n"u8))
        {
            text = text[2..].TrimStart(" "u8);
        }

        // Some libraries write the bracket as an escape.
        var open = text.StartsWith("<"u8) ? 1 : text.StartsWith("\\u003c"u8) || text.StartsWith("\\u003C"u8) ? 6 : 0;
        var tag = text[open..];
        var end = tag.IndexOfAny(">\\ "u8);
        return open > 0 && end is > 0 and < 64 && tag[..end].IndexOfAny((byte)'-', (byte)'_') > 0;
    }

    private void Write(ReadOnlySpan<byte> text)
    {
        var escaped = false;
        foreach (var letter in text)
        {
            if (Length == _room.Length)
            {
                return;
            }

            // "\nfix" is the word "fix": the letter of an escape is no part of a word.
            _room[Length++] = escaped || letter is (byte)'\\' or < (byte)' ' or > 126 ? ' ' : char.ToLowerInvariant((char)letter);
            escaped = !escaped && letter == (byte)'\\';
        }

        if (Length < _room.Length)
        {
            _room[Length++] = ' ';
        }
    }
}
