using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Server.Attempts;
using Sluice.Server.Relay;

namespace Sluice.Server.Surfaces;

/// <summary>
/// Token counts for clients whose model is not served by an upstream that counts: an estimate from the bytes, biased upwards so that an agent
/// compacts too early rather than too late, and flagged. It costs no upstream call of a protocol that cannot count, so the many that agents send at once cost nothing.
/// </summary>
internal static class TokenCounts
{
    // Thinking adds a prompt too, whose size nobody states; the recorded count of a short prompt has some twenty tokens more than its text.
    private const long ThinkingPrompt = 32;

    /// <summary>Answers <c>{"input_tokens":N}</c>.</summary>
    public static async Task EstimateAsync(InferenceRequest request)
    {
        var response = request.Http.Response;
        AnswerHeaders.WriteIds(response, request.Id);
        response.Headers["x-sluice-degraded"] = "count_tokens=emulated";
        response.ContentType = "application/json";
        var envelope = request.Envelope;
        WriteCount(response.BodyWriter, envelope.EstimatedInputTokens + (envelope.WantsThinking ? ThinkingPrompt : 0));
        await response.BodyWriter.FlushAsync(request.ClientGone);
    }

    private static void WriteCount(IBufferWriter<byte> output, long tokens)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, tokens);
        json.WriteEndObject();
    }
}
