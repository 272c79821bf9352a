using System.Buffers;
using System.Text.Json;
using Sluice.Core.Routing;
using Sluice.Server.Attempts;
using Sluice.Server.Relay;

namespace Sluice.Server.Surfaces;

/// <summary>The answer to <c>x-sluice-explain: 1</c>: whom Sluice would ask, in which order and why, and whom not. Nothing is sent and nothing is charged.</summary>
internal static class PlanAnswer
{
    /// <summary>The header that asks for it.</summary>
    public const string Header = "x-sluice-explain";

    /// <summary>Answers with the plan as JSON; a plan without candidates says what the client would have been told.</summary>
    public static async Task WriteAsync(InferenceRequest request)
    {
        var response = request.Http.Response;
        AnswerHeaders.WriteIds(response, request.Id);
        response.ContentType = "application/json";
        Write(response.BodyWriter, request);
        await response.BodyWriter.FlushAsync(request.ClientGone);
    }

    private static void Write(IBufferWriter<byte> output, InferenceRequest request)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("requested_model"u8, request.Envelope.Model);
        json.WriteString("model"u8, request.Plan.Model?.Id);
        json.WriteString("rule"u8, request.Plan.Rule);
        json.WriteNumber("estimated_input_tokens"u8, request.Envelope.EstimatedInputTokens);
        json.WriteStartArray("candidates"u8);
        foreach (var candidate in request.Plan.Candidates)
        {
            json.WriteStartObject();
            json.WriteString("provider"u8, candidate.Provider.Name);
            json.WriteString("model"u8, candidate.Endpoint.UpstreamModel);
            json.WriteString("credential"u8, candidate.Credential?.Id);
            json.WriteString("why"u8, candidate.Reason);
            json.WriteBoolean("native"u8, UpstreamBody.WireOf(candidate, request.Surface.Format.Protocol) == request.Surface.Format.Protocol);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("left_out"u8);
        foreach (var endpoint in request.Plan.LeftOut)
        {
            json.WriteStartObject();
            json.WriteString("endpoint"u8, endpoint.Endpoint);
            json.WriteString("why"u8, endpoint.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteReasons(json, request.Plan);
        if (request.Plan.Refusal is { } refusal)
        {
            json.WriteString("refusal"u8, refusal.Message);
        }

        json.WriteEndObject();
    }

    private static void WriteReasons(Utf8JsonWriter json, Plan plan)
    {
        json.WriteStartArray("notes"u8);
        foreach (var note in plan.Notes)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
        if (plan.Funnel.Count == 0)
        {
            return;
        }

        json.WriteStartArray("routing_funnel"u8);
        foreach (var step in plan.Funnel)
        {
            json.WriteStartObject();
            json.WriteString("step"u8, step.Step);
            json.WriteNumber("endpoint_count"u8, step.Endpoints);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
