using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>
/// Azure's paths: <c>/openai/deployments/DEPLOYMENT/…?api-version=</c>, <c>/models/…</c>, and <c>/openai/v1/…</c> with its own key header
/// (other vendors have that path too, with a bearer key).
/// </summary>
internal static class AzurePath
{
    private const string Deployments = "/openai/deployments/";

    public static WireRoute? Of(HttpRequest request, string call)
    {
        var path = request.Path.Value!;
        if (!HttpMethods.IsPost(request.Method) || !path.EndsWith(call, StringComparison.Ordinal))
        {
            return null;
        }

        var at = path.IndexOf(Deployments, StringComparison.Ordinal);
        if (at >= 0)
        {
            var start = at + Deployments.Length;
            return path.Length - call.Length > start ? new(WireCall.Generate, Uri.UnescapeDataString(path[start..^call.Length])) : null;
        }

        return path.EndsWith("/models" + call, StringComparison.Ordinal) || (path.EndsWith("/openai/v1" + call, StringComparison.Ordinal) && request.Headers.ContainsKey("api-key"))
            ? new(WireCall.Generate)
            : null;
    }

    /// <summary>The dated paths do not exist without a date.</summary>
    public static WireRefusal? Door(HttpRequest request) =>
        request.Path.Value!.Contains(Deployments, StringComparison.Ordinal) && request.Query["api-version"].Count == 0 ? new(404, "path") : null;

    /// <summary>A chunk before the first: no choices, an empty id, and what Azure's filter thought of the prompt.</summary>
    public static Frame FilterResults() => ChatAnswerWriter.Data(FrameKind.Start, Json.Bytes(static w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("choices"u8);
        w.WriteEndArray();
        w.WriteNumber("created"u8, 0);
        w.WriteString("id"u8, ""u8);
        w.WriteString("model"u8, ""u8);
        w.WriteString("object"u8, ""u8);
        w.WriteStartArray("prompt_filter_results"u8);
        w.WriteStartObject();
        w.WriteNumber("prompt_index"u8, 0);
        w.WriteStartObject("content_filter_results"u8);
        foreach (var sort in (ReadOnlySpan<string>)["hate", "self_harm", "sexual", "violence"])
        {
            w.WriteStartObject(sort);
            w.WriteBoolean("filtered"u8, false);
            w.WriteString("severity"u8, "safe"u8);
            w.WriteEndObject();
        }

        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteEndArray();
        w.WriteEndObject();
    }));
}
