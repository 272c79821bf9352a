namespace Sluice.Server.Tests.Kit;

/// <summary>One answer of text, in pieces, as each wire's vendor streams it. Written by hand from the vendors' documents.</summary>
internal static class HandWrittenStream
{
    /// <summary>What stands before the first text.</summary>
    public static string Preface(Wire wire) => wire switch
    {
        Wire.Anthropic => """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


            """,
        Wire.Responses => """
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"m","output":[]}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}}

            event: response.content_part.added
            data: {"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}


            """,
        _ => "",
    };

    /// <summary>A piece of text.</summary>
    public static string Piece(Wire wire, string text) => wire switch
    {
        Wire.Anthropic => $$$"""
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}


            """,
        Wire.Responses => $$$"""
            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"{{{text}}}"}


            """,
        Wire.Gemini => $$$"""
            data: {"candidates":[{"content":{"role":"model","parts":[{"text":"{{{text}}}"}]},"index":0}],"modelVersion":"m","responseId":"r1"}


            """,
        _ => $$$"""
            data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{{{text}}}"},"finish_reason":null}]}


            """,
    };

    /// <summary>The end of an answer that is complete.</summary>
    public static string End(Wire wire) => wire switch
    {
        Wire.Anthropic => """
            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}

            event: message_stop
            data: {"type":"message_stop"}


            """,
        Wire.Responses => """
            event: response.output_text.done
            data: {"type":"response.output_text.done","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"text":"t"}

            event: response.content_part.done
            data: {"type":"response.content_part.done","sequence_number":5,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"t","annotations":[]}}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":6,"output_index":0,"item":{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"t","annotations":[]}]}}

            event: response.completed
            data: {"type":"response.completed","sequence_number":7,"response":{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"m","output":[{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"t","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":9,"total_tokens":14}}}


            """,
        Wire.Gemini => """
            data: {"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9,"totalTokenCount":14},"modelVersion":"m","responseId":"r1"}


            """,
        _ => """
            data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

            data: [DONE]


            """,
    };
}
