using System.Text;
using System.Text.Json;

namespace Sluice.Protocols.Native;

/// <summary>
/// What a request's user said since the model last spoke, as it is written: with what a client puts beside it, without results of tools. Bounded, and
/// never throws for what a body holds.
/// </summary>
public static class NewestUserText
{
    /// <summary>The most letters of it; of more, the first and the last half of that.</summary>
    public const int Most = 100_000;

    /// <summary>The most turns that are looked back on. Agents send one or a few in a row.</summary>
    public const int MostTurns = 64;

    /// <summary>The texts, each on a line of its own, the newest first; empty where there is none.</summary>
    /// <param name="envelope">The scan of <paramref name="body"/>.</param>
    /// <param name="body">The client's whole body.</param>
    public static string Read(Envelope envelope, ReadOnlySpan<byte> body)
    {
        var texts = new Texts(new StringBuilder());
        if (envelope.MessageCount == 0)
        {
            ReadPrompt(body, ref texts);
            return texts.Bounded();
        }

        Span<BodySpan> turns = stackalloc BodySpan[MostTurns];
        var count = PromptWords.Last(envelope, body, turns);
        for (var i = 0; i < count; i++)
        {
            var turn = body.Slice(turns[i].Start, turns[i].Length);
            switch (TurnWords.SpeakerOf(turn))
            {
                case Speaker.User:
                    TurnWords.Read(turn, ref texts);
                    break;
                case Speaker.Other when texts.Any:
                    return texts.Bounded();
            }
        }

        return texts.Bounded();
    }

    // Formats without turns: a text, or several, to be gone on with, drawn or spoken.
    private static void ReadPrompt(ReadOnlySpan<byte> body, ref Texts texts)
    {
        try
        {
            var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            var isPrompt = false;
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 1)
                {
                    isPrompt = json.ValueTextEquals("prompt"u8) || json.ValueTextEquals("input"u8) || json.ValueTextEquals("instructions"u8);
                }
                else if (json.TokenType == JsonTokenType.String && isPrompt)
                {
                    texts.Add(json.ValueSpan);
                }
            }
        }
        catch (JsonException)
        {
            // A form, or broken: what was read so far is all there is.
        }
    }

    private readonly struct Texts(StringBuilder all) : ITextSink
    {
        public bool Any => all.Length > 0;

        public void Add(ReadOnlySpan<byte> text) => all.Append(Unescaped(text)).Append('\n');

        public string Bounded() => all.Length <= Most ? all.ToString() : all.ToString(0, Most / 2) + "\n" + all.ToString(all.Length - (Most / 2), Most / 2);

        private static string Unescaped(ReadOnlySpan<byte> text)
        {
            if (text.IndexOf((byte)'\\') < 0)
            {
                return Encoding.UTF8.GetString(text);
            }

            var quoted = new byte[text.Length + 2];
            quoted[0] = quoted[^1] = (byte)'"';
            text.CopyTo(quoted.AsSpan(1));

            // Half a surrogate pair is no text for anybody, but whoever writes one must not get past with the rest.
            return JsonText.Unescape(quoted) ?? Encoding.UTF8.GetString(text);
        }
    }
}
