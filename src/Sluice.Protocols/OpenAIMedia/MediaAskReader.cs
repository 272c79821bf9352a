using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>Reads what a request asks for, from a JSON body or from the fields of a form. What is not understood is left to the upstream to refuse.</summary>
public static class MediaAskReader
{
    // More is refused by every vendor; a count is money before anything has come.
    private const long MostImages = 100;
    private const long LongestVideoSeconds = 3600;

    /// <summary>The scan of a request for media, completed by what its body asks for.</summary>
    /// <param name="envelope">The scan.</param>
    /// <param name="body">The same bytes.</param>
    public static Envelope Complete(Envelope envelope, ReadOnlySpan<byte> body)
    {
        var ask = envelope.Media ?? OfJson(body);
        return envelope with
        {
            Media = ask,
            Stream = envelope.Stream || ask.Stream,
            EstimatedInputTokens = Math.Max(ask.EstimatedInputTokens, 1),
        };
    }

    /// <summary>What a JSON body asks for.</summary>
    public static MediaAsk OfJson(ReadOnlySpan<byte> body)
    {
        var ask = new MediaAsk();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return ask;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueSpan.Length <= MediaAsk.LongestWord ? reader.GetString()! : "";
                reader.Read();
                ask = reader.TokenType switch
                {
                    JsonTokenType.String => IsText(name) ? With(ask, name, reader.GetString()!, (reader.HasValueSequence ? 0 : reader.ValueSpan.Length))
                        : reader.ValueSpan.Length <= MediaAsk.LongestWord ? With(ask, name, reader.GetString()!, 0) : ask,
                    JsonTokenType.Number => With(ask, name, Encoding.UTF8.GetString(reader.ValueSpan), 0),
                    JsonTokenType.StartObject when name == "input_audio" => WithSound(ask, ref reader),
                    _ => ask,
                };
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: the upstream says so in its own words.
        }

        return ask;
    }

    /// <summary>One more member or field.</summary>
    /// <param name="ask">What is known so far.</param>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value, as text.</param>
    /// <param name="bytes">Its length as it stands in the body.</param>
    internal static MediaAsk With(MediaAsk ask, string name, string value, long bytes) => name switch
    {
        "n" => Number(value, MostImages) is { } n ? ask with { Images = (long)Math.Max(n, 1) } : ask,
        "size" or "resolution" => ask with { Size = Word(value) ?? ask.Size },
        "quality" => ask with { Quality = Word(value) },
        "seconds" or "duration" => Number(value, LongestVideoSeconds) is { } seconds ? ask with { VideoMilliseconds = (long)(seconds * 1000) } : ask,
        "input" => ask with { Characters = value.Length, TextBytes = ask.TextBytes + bytes },
        "prompt" or "instructions" => ask with { TextBytes = ask.TextBytes + bytes },
        "stream_format" => ask with { Stream = ask.Stream || value == "sse" },
        _ => ask,
    };

    /// <summary>A field or member whose length matters, however long it is.</summary>
    internal static bool IsText(string name) => name is "input" or "prompt" or "instructions";

    // OpenRouter's {"data":"…base64…","format":"wav"}.
    private static MediaAsk WithSound(MediaAsk ask, ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("data"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                ask = ask with { AudioMilliseconds = SoundLength.OfBytes(reader.ValueSpan.Length / 4 * 3) };
            }
        }

        return ask;
    }

    private static string? Word(string value) => value.Length is > 0 and <= MediaAsk.LongestWord ? value : null;

    private static decimal? Number(string value, long most) =>
        decimal.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? Math.Min(number, most) : null;
}
