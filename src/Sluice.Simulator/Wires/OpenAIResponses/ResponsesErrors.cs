using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires.OpenAIChat;

namespace Sluice.Simulator.Wires.OpenAIResponses;

/// <summary>
/// Errors inside a stream. OpenAI sends an <c>error</c> with the error nested in it and then a <c>response.failed</c>. Variant <c>failed</c> sends the second alone,
/// <c>flat</c> the first alone in the shape of the reference: <c>{"type":"error","code":"…","message":"…","param":null,"sequence_number":3}</c>.
/// </summary>
internal static class ResponsesErrors
{
    public static Frame Frame(WireRefusal error, int sent)
    {
        var (type, code, param, message) = ChatErrors.Usual(error);
        code = error.Code ?? code ?? type;
        message = error.Message ?? message;
        param = error.Param ?? param;
        return error.Variant switch
        {
            "failed" => Failed(sent),
            "flat" => ResponsesStreamWriter.Event(FrameKind.Error, "error", sent, w =>
            {
                w.WriteString("code"u8, code);
                w.WriteString("message"u8, message);
                w.WriteString("param"u8, param);
            }),
            _ => new(FrameKind.Error, (byte[])[.. Nested().Bytes.Span, .. Failed(sent + 1).Bytes.Span]),
        };

        Frame Nested() => ResponsesStreamWriter.Event(FrameKind.Error, "error", sent, w =>
        {
            w.WriteStartObject("error"u8);
            w.WriteString("type"u8, type);
            w.WriteString("code"u8, code);
            w.WriteString("message"u8, message);
            w.WriteString("param"u8, param);
            w.WriteEndObject();
        });

        Frame Failed(int number) => ResponsesStreamWriter.Event(FrameKind.Error, "response.failed", number, w =>
        {
            w.WriteStartObject("response"u8);
            w.WriteString("id"u8, "resp_sim_failed"u8);
            w.WriteString("object"u8, "response"u8);
            w.WriteNumber("created_at"u8, ChatAnswerWriter.Created);
            w.WriteString("status"u8, "failed"u8);
            w.WriteStartObject("error"u8);
            w.WriteString("code"u8, code);
            w.WriteString("message"u8, message);
            w.WriteEndObject();
            w.WriteNull("incomplete_details"u8);
            w.WriteStartArray("output"u8);
            w.WriteEndArray();
            w.WriteNull("usage"u8);
            w.WriteEndObject();
        });
    }
}
