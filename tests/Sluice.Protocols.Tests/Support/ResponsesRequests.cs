namespace Sluice.Protocols.Tests.Support;

/// <summary>What Responses clients can ask for.</summary>
internal static class ResponsesRequests
{
    private const string Tool = """{"type":"function","name":"get_weather","description":"Weather of a city.","strict":false,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}""";

    private const string Question = """{"type":"message","role":"user","content":"Weather in Rome?"}""";

    private const string Call = """{"type":"function_call","call_id":"call_1","name":"get_weather","arguments":"{\"city\":\"Rome\"}"}""";

    private const string Signed = """
        {"input":[{"type":"message","role":"user","content":"Hello."},
         {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"A greeting."}],"encrypted_content":"@SIGNATURE@"},
         {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello!"}]},
         {"type":"message","role":"user","content":"And now?"}]}
        """;

    public static readonly ClientRequests All = new(
        """{"model":"m","store":false,"input":"Hello."}""",
        new Dictionary<string, string>
        {
            ["system text"] = """{"instructions":"Rule one."}""",
            ["several system blocks"] = """{"instructions":"Rule one.","input":[{"type":"message","role":"developer","content":"Rule two."},{"type":"message","role":"user","content":"Hello."}]}""",
            ["instructions in mid-conversation"] = """
                {"input":[{"type":"message","role":"user","content":"Hello."},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello!"}]},
                 {"type":"message","role":"developer","content":"Mid rule."},{"type":"message","role":"user","content":"And now?"}]}
                """,
            ["image, inline"] = Content("""{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}"""),
            ["image, by address"] = Content("""{"type":"input_image","image_url":"https://img.example/cat.png"}"""),
            ["image detail"] = Content("""{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo=","detail":"high"}"""),
            ["PDF, inline"] = Content("""{"type":"input_file","filename":"report.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQK"}"""),
            ["PDF, by address"] = Content("""{"type":"input_file","file_url":"https://files.example/doc.pdf"}"""),
            ["plain-text document"] = Content("""{"type":"input_file","filename":"facts.txt","file_data":"data:text/plain;base64,UGxhaW4gZmFjdHMu"}"""),
            ["sound"] = Content("""{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}"""),
            ["tools"] = $$$$"""{"tools":[{{{{Tool}}}}]}""",
            ["strict tool"] = """{"tools":[{"type":"function","name":"get_weather","strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}]}""",
            ["tool without arguments"] = """
                {"tools":[{"type":"function","name":"ping","parameters":{"type":"object","properties":{}}}],
                 "input":[{"type":"message","role":"user","content":"Ping."},{"type":"function_call","call_id":"call_1","name":"ping","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":""}]}
                """,
            ["tool with free text"] = $$$$"""{"tools":[{{{{Tool}}}},{"type":"custom","name":"apply_patch","description":"Takes a patch."}]}""",
            ["tool in a namespace"] = """{"tools":[{"type":"namespace","name":"crm","description":"Customers.","tools":[{"type":"function","name":"list_orders","parameters":{"type":"object","properties":{}}}]}]}""",
            ["a tool must be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":"required"}""",
            ["forced tool"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"function","name":"get_weather"}}""",
            ["no tool may be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":"none"}""",
            ["parallel tools off"] = $$$$"""{"tools":[{{{{Tool}}}}],"parallel_tool_calls":false}""",
            ["parallel calls and their results"] = $$$$"""
                {"tools":[{{{{Tool}}}}],
                 "input":[{"type":"message","role":"user","content":"Rome and Oslo?"},{{{{Call}}}},{"type":"function_call","call_id":"call_2","name":"get_weather","arguments":"{\"city\":\"Oslo\"}"},
                  {"type":"function_call_output","call_id":"call_1","output":"18 degrees"},{"type":"function_call_output","call_id":"call_2","output":"9 degrees"}]}
                """,
            ["tool result with image"] = $$$$"""{"tools":[{{{{Tool}}}}],"input":[{{{{Question}}}},{{{{Call}}}},{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]}""",
            ["web search, no other tool"] = """{"tools":[{"type":"web_search"}]}""",
            ["web search"] = $$$$"""{"tools":[{{{{Tool}}}},{"type":"web_search"}]}""",
            ["code execution, no other tool"] = """{"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}""",
            ["thinking, amount left to the model"] = """{"reasoning":{"summary":"auto"}}""",
            ["thinking effort"] = """{"reasoning":{"effort":"high"}}""",
            ["thinking off"] = """{"reasoning":{"effort":"none"}}""",
            ["thinking of the upstream's own model replayed"] = Signed,
            ["thinking of another vendor's model replayed"] = Signed,
            ["prompt cache key"] = """{"prompt_cache_key":"pck-1"}""",
            ["temperature"] = """{"temperature":0.25}""",
            ["temperature over 1"] = """{"temperature":1.5}""",
            ["top_p"] = """{"top_p":0.5}""",
            ["answer by a JSON schema"] = """{"text":{"format":{"type":"json_schema","name":"place","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}}""",
            ["answer as any JSON object"] = """{"text":{"format":{"type":"json_object"}}}""",
            ["verbosity"] = """{"text":{"verbosity":"low"}}""",
            ["output limit"] = """{"max_output_tokens":123}""",
            ["end user's id"] = """{"user":"user-77"}""",
            ["metadata"] = """{"metadata":{"trace":"t-9"}}""",
            ["service tier"] = """{"service_tier":"flex"}""",
            ["log probabilities"] = """{"top_logprobs":2,"include":["message.output_text.logprobs"]}""",
            ["unknown member"] = """{"future_member":"fm-1"}""",
            ["unknown content block"] = Content("""{"type":"future_block","data":"fb-1"}"""),
            ["stream with usage"] = """{"stream":true}""",
        });

    private static string Content(string part) => $$$$"""{"input":[{"type":"message","role":"user","content":[{{{{part}}}},{"type":"input_text","text":"Look."}]}]}""";
}
