using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Gemini's counts: <c>promptTokenCount</c> includes what was cached, <c>candidatesTokenCount</c> excludes thoughts, and
/// <c>prompt + candidates + thoughts + toolUsePrompt = total</c>.
/// </summary>
internal static class GeminiUsage
{
    /// <summary>
    /// Reads one <c>usageMetadata</c>. It replaces what was before as a whole: a stream with built-in tools starts its counts anew in each phase.
    /// An object without counts (Vertex sends the traffic type alone in the middle of a stream) changes nothing.
    /// </summary>
    public static TokenUsage Read(ReadOnlySpan<byte> usage, TokenUsage previous)
    {
        try
        {
            var reader = new Utf8JsonReader(usage, new JsonReaderOptions { MaxDepth = 512 });
            return reader.Read() ? Read(ref reader, previous) : previous;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with half of a surrogate pair.
            return previous;
        }
    }

    /// <summary>Reads the value that <paramref name="reader"/> stands on and moves to its end.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, TokenUsage)"/>
    public static TokenUsage Read(ref Utf8JsonReader reader, TokenUsage previous)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return previous;
        }

        var counts = default(GeminiCounts);
        counts.Read(ref reader);
        return counts.On(previous);
    }

    /// <summary>Writes the object's value as Gemini counts.</summary>
    public static void Write(Utf8JsonWriter json, TokenUsage usage, long estimatedInput)
    {
        var prompt = usage.Input is null && usage.CacheRead is null ? estimatedInput : usage.TotalInput;
        var thoughts = Math.Min(usage.Reasoning ?? 0, usage.TotalOutput);
        json.WriteStartObject();
        json.WriteNumber("promptTokenCount"u8, prompt);
        json.WriteNumber("candidatesTokenCount"u8, usage.TotalOutput - thoughts);
        if (thoughts > 0)
        {
            json.WriteNumber("thoughtsTokenCount"u8, thoughts);
        }

        if (usage.CacheRead is > 0 and var cached)
        {
            json.WriteNumber("cachedContentTokenCount"u8, cached);
        }

        json.WriteNumber("totalTokenCount"u8, prompt + usage.TotalOutput);
        json.WriteEndObject();
    }
}
