using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using static Sluice.Protocols.Tests.Support.JsonProbe;

namespace Sluice.Protocols.Tests.Support;

/// <summary>What an answer can hold, each with a neutral answer that holds it, in the order of the page.</summary>
internal static class AnswerFeatures
{
    private const string Signature = RequestFeatures.Signature;

    public static readonly IReadOnlyList<(Feature Feature, ConversationResponse Answer)> All =
    [
        (new("text", "content.0.text=Hello.", "choices.0.message.content=Hello.", "output.*.content.*.text=Hello.", "candidates.0.content.parts.*.text=Hello.", Never) { Completions = "choices.0.text=Hello." },
            Answer(new TextPart("Hello."))),
        (new("thinking", "content.0.thinking=Hm.", "choices.0.message.reasoning_content=Hm.", "output.*.summary.*.text=Hm. || output.*.content.*.text=Hm.",
                "candidates.0.content.parts.0.text=Hm. && candidates.0.content.parts.0.thought=true", Never),
            Answer(new ThinkingPart("Hm."), new TextPart("Hello."))),
        (new("signed thinking of Claude", $"content.0.signature={Signature}", $"choices.0.message.reasoning_details.0.signature={Signature}",
                "output.*.encrypted_content~sluice1.anthropic.", "candidates.0.content.parts.*.thoughtSignature", Never),
            Answer(Signed(WireProtocol.AnthropicMessages), new TextPart("Hello."))),
        (new("signed thinking of a Responses model", "content.0.signature~sluice1.responses.", "choices.0.message.reasoning_details.0.data || choices.0.message.reasoning_details.0.signature",
                $"output.0.encrypted_content={Signature}", "candidates.0.content.parts.*.thoughtSignature", Never),
            Answer(Signed(WireProtocol.OpenAIResponses), new TextPart("Hello."))),
        (new("signed thinking of Gemini", "content.0.signature~sluice1.gemini.", "choices.0.message.reasoning_details.0.data || choices.0.message.reasoning_details.0.signature",
                "output.*.encrypted_content~sluice1.gemini.", $"candidates.0.content.parts.*.thoughtSignature={Signature}", Never),
            Answer(Signed(WireProtocol.Gemini), new TextPart("Hello."))),
        (new("redacted thinking of Claude", "content.0.data=cmVkYWN0ZWQ=", "choices.0.message.reasoning_details.0.data=cmVkYWN0ZWQ=", "output.*.encrypted_content", "candidates.0.content.parts.*.thoughtSignature", Never),
            Answer(new ThinkingPart("") { RedactedData = "cmVkYWN0ZWQ=", SignedBy = WireProtocol.AnthropicMessages }, new TextPart("Hello."))),
        (new("parallel tool calls", "content.0.type=tool_use && content.1.input.city=Oslo && stop_reason=tool_use",
                "choices.0.message.tool_calls.1.function.arguments~Oslo && choices.0.finish_reason=tool_calls",
                "output.*.arguments~Rome && output.*.arguments~Oslo", "candidates.0.content.parts.1.functionCall.args.city=Oslo", Never),
            Answer(StopReason.ToolUse, Call("call_1", """{"city":"Rome"}"""), Call("call_2", """{"city":"Oslo"}"""))),
        (new("tool call without arguments", "content.0.input", "choices.0.message.tool_calls.0.function.arguments={}", "output.0.arguments={}", "candidates.0.content.parts.0.functionCall.name=get_weather", Never),
            Answer(StopReason.ToolUse, Call("call_1", "{}"))),
        (new("tool call with broken arguments", "content.0.input.**~{\"city", "choices.0.message.tool_calls.0.function.arguments~{\"city", "output.0.arguments~{\"city", "**~{\"city", Never),
            Answer(StopReason.ToolUse, Call("call_1", """{"city""") with { ArgumentsAreJson = false })),
        (new("refusal", "content.0.text=I will not. && stop_reason=refusal", "choices.0.message.refusal=I will not.", "output.0.content.0.refusal=I will not.", "candidates.0.**~I will not.", Never) { Completions = "choices.0.text=I will not." },
            Answer(StopReason.Refusal, new RefusalPart("I will not."))),
        (new("citation of a web page", "content.0.citations.0.url=https://a.example/", "choices.0.message.annotations.0.url_citation.url=https://a.example/", "output.0.content.0.annotations.0.url=https://a.example/",
                "candidates.0.groundingMetadata.**=https://a.example/ || candidates.0.citationMetadata.**=https://a.example/", Never),
            Answer(new TextPart("Hello.")
            {
                Citations = Json("""[{"type":"web_search_result_location","url":"https://a.example/","title":"A","cited_text":"Hi","encrypted_index":"x"}]"""),
                CitationsFrom = WireProtocol.AnthropicMessages,
            })),
        (new("citation of a document", "content.0.citations.0.document_index=0", Never, Never, Never, Never),
            Answer(new TextPart("Hello.")
            {
                Citations = Json("""[{"type":"page_location","document_index":0,"document_title":"D","cited_text":"Hi","start_page_number":1,"end_page_number":2}]"""),
                CitationsFrom = WireProtocol.AnthropicMessages,
            })),
        (new("search of the web that the provider made", "content.0.type=server_tool_use && content.1.content.0.url=https://a.example/", Never,
                "output.0.type=web_search_call && output.0.action.query=rain && output.0.action.sources.0.url=https://a.example/", Never, Never),
            Answer(
                new OpaquePart("server_tool_use", Json("""{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"rain"}}"""), WireProtocol.AnthropicMessages),
                new OpaquePart("web_search_tool_result", Json("""{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://a.example/","title":"A","encrypted_content":"x"}]}"""), WireProtocol.AnthropicMessages),
                new TextPart("Hello."))),
        (new("block of a vendor's own tool", "content.0.type=server_tool_use", Never, Never, Never, Never),
            Answer(new OpaquePart("server_tool_use", Json("""{"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution","input":{}}"""), WireProtocol.AnthropicMessages), new TextPart("Hello."))),
        (new("usage with cache counts", "usage.input_tokens=10 && usage.cache_read_input_tokens=100 && usage.cache_creation_input_tokens=20 && usage.output_tokens=5",
                "usage.prompt_tokens=130 && usage.prompt_tokens_details.cached_tokens=100 && usage.completion_tokens=5", "usage.input_tokens=130 && usage.input_tokens_details.cached_tokens=100 && usage.output_tokens=5",
                "usageMetadata.promptTokenCount=130 && usageMetadata.cachedContentTokenCount=100", Never) { Completions = "usage.prompt_tokens=130 && usage.prompt_tokens_details.cached_tokens=100 && usage.completion_tokens=5" },
            Answer(new TextPart("Hello.")) with { Usage = new TokenUsage { Input = 10, CacheRead = 100, CacheWrite5m = 20, Output = 5 } }),
        (new("stopped by the output limit", "stop_reason=max_tokens", "choices.0.finish_reason=length", "status=incomplete && incomplete_details.reason=max_output_tokens", "candidates.0.finishReason=MAX_TOKENS", Never) { Completions = "choices.0.finish_reason=length" },
            Answer(StopReason.MaxTokens, new TextPart("Hello."))),
        (new("stopped by the full window", "stop_reason=model_context_window_exceeded", "choices.0.finish_reason=length", "status=incomplete", "candidates.0.finishReason=MAX_TOKENS", Never) { Completions = "choices.0.finish_reason=length" },
            Answer(StopReason.ContextFull, new TextPart("Hello."))),
        (new("several answers", Never, "choices.1", Never, "candidates.1", Never),
            Answer(new TextPart("Hello.")) with { FurtherChoices = [Json("""{"index":1,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}""")] }),
    ];

    private static ConversationResponse Answer(params ContentPart[] parts) => Answer(StopReason.EndTurn, parts);

    private static ConversationResponse Answer(StopReason reason, params ContentPart[] parts) => new()
    {
        Id = "answer-1",
        Model = "some-model",
        Parts = parts,
        StopReason = reason,
        Usage = new TokenUsage { Input = 10, Output = 5 },
    };

    private static ThinkingPart Signed(WireProtocol by) => new("Hm.") { Signature = Signature, SignedBy = by };

    private static ToolCallPart Call(string id, string arguments) => new(id, "get_weather", Json(arguments));

    private static RawJson Json(string json) => new(Encoding.UTF8.GetBytes(json));
}
