using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIMedia;

/// <summary>
/// What a whole JSON answer to a request for media says, found in one pass and without building anything from it: images
/// (<c>{"data":[{"b64_json":…}],"size":…,"usage":…}</c>), a transcript (<c>{"text":…,"usage":…}</c>), or a job
/// (<c>{"id":"video_…","status":"queued","seconds":"4","size":…}</c>, EvoLink's <c>{"id":"task-…","object":"image.generation.task"}</c>).
/// </summary>
public sealed record MediaAnswer
{
    private const int LongestId = 512;

    /// <summary>The bytes are one JSON object and nothing else.</summary>
    public bool IsJsonObject { get; private init; }

    /// <summary>The object is an error in spite of its status. A failed job is none: it is what the client asked to know.</summary>
    public bool IsError { get; private init; }

    /// <summary>Counts; null where nothing is reported.</summary>
    public TokenUsage? Usage { get; private init; }

    /// <summary>Images, or whatever else stands in <c>data</c>.</summary>
    public long Items { get; private init; }

    /// <summary>Size that was made.</summary>
    public string? Size { get; private init; }

    /// <summary>Quality that was made.</summary>
    public string? Quality { get; private init; }

    /// <summary>Length of the sound or the video, in milliseconds.</summary>
    public long? Milliseconds { get; private init; }

    /// <summary>Id of the job that will make it; null where the answer is no job.</summary>
    public string? JobId { get; private init; }

    /// <summary>Where the job's id stands, quotes included.</summary>
    public BodySpan JobIdValue { get; private init; }

    /// <summary>Where the address stands at which the upstream itself tells of the job (OpenRouter's <c>polling_url</c>), quotes included.</summary>
    public BodySpan PollingUrlValue { get; private init; }

    /// <summary>Looks into one answer. Never throws.</summary>
    public static MediaAnswer Read(SurfaceOperation operation, ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject ? Read(operation, ref reader) : new MediaAnswer();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new MediaAnswer();
        }
    }

    /// <summary>The answer with another id of its job, and another address to ask for it at where it has one.</summary>
    /// <param name="body">The same bytes.</param>
    /// <param name="id">Instead of the upstream's.</param>
    /// <param name="address">Instead of the upstream's.</param>
    public ReadOnlyMemory<byte> WithJob(ReadOnlyMemory<byte> body, string id, string address)
    {
        var edits = new List<BodyEdit> { new(JobIdValue, BodyEdits.Quoted(id)) };
        if (PollingUrlValue.Exists)
        {
            edits.Add(new BodyEdit(PollingUrlValue, BodyEdits.Quoted(address)));
        }

        var output = new ArrayBufferWriter<byte>(body.Length + id.Length + address.Length);
        BodyEdits.Of(edits, body.Length).CopyTo(body.Span, output);
        return output.WrittenMemory;
    }

    private static MediaAnswer Read(SurfaceOperation operation, ref Utf8JsonReader reader)
    {
        var made = operation.Makes() switch
        {
            Products.Images => MediaUsageReader.Output.Images,
            Products.Speech => MediaUsageReader.Output.Sound,
            _ => MediaUsageReader.Output.Text,
        };
        var answer = new MediaAnswer();
        string? id = null;
        BodySpan idValue = default;
        var isJob = operation.Makes() == Products.Videos;
        var hasError = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                answer = answer with { Usage = MediaUsageReader.Read(ref reader, made) };
                continue;
            }

            if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                answer = answer with { Items = CountItems(ref reader) };
                continue;
            }

            var name = reader.ValueSpan.Length <= MediaAsk.LongestWord ? reader.GetString()! : "";
            reader.Read();
            var span = new BodySpan((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex));
            switch (name)
            {
                case "error":
                    hasError = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                    break;
                case "id" when Text(ref reader, LongestId) is { } text:
                    (id, idValue) = (text, span);
                    break;
                case "polling_url" when reader.TokenType == JsonTokenType.String:
                    answer = answer with { PollingUrlValue = span };
                    break;
                case "object" when Text(ref reader, MediaAsk.LongestWord) is { } kind:
                    isJob |= kind.EndsWith(".task", StringComparison.Ordinal);
                    break;
                case "size":
                    answer = answer with { Size = Text(ref reader, MediaAsk.LongestWord) };
                    break;
                case "quality":
                    answer = answer with { Quality = Text(ref reader, MediaAsk.LongestWord) };
                    break;
                case "seconds" or "duration":
                    answer = answer with { Milliseconds = Duration(ref reader) };
                    break;
            }

            reader.Skip();
        }

        // Trailing bytes make the reader throw, as they would make any client.
        reader.Read();
        return answer with
        {
            IsJsonObject = true,
            IsError = hasError && !(isJob && id is not null),
            JobId = isJob ? id : null,
            JobIdValue = isJob ? idValue : default,
        };
    }

    private static long CountItems(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return 0;
        }

        long items = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items++;
            reader.Skip();
        }

        return items;
    }

    private static string? Text(ref Utf8JsonReader reader, int longest) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= longest ? reader.GetString() : null;

    private static long? Duration(ref Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.Number or JsonTokenType.String && reader.ValueSpan.Length <= MediaAsk.LongestWord
            && decimal.TryParse(reader.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1_000_000m
                ? (long)(seconds * 1000)
                : null;
}
