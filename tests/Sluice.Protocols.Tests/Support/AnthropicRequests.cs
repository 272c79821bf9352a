namespace Sluice.Protocols.Tests.Support;

/// <summary>What Messages clients can ask for.</summary>
internal static class AnthropicRequests
{
    private const string Tool = """{"name":"get_weather","description":"Weather of a city.","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}""";

    private const string Call = """{"role":"user","content":"Weather in Rome?"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Rome"}}]}""";

    private const string Signed = """{"messages":[{"role":"user","content":"Hello."},{"role":"assistant","content":[{"type":"thinking","thinking":"A greeting.","signature":"@SIGNATURE@"},{"type":"text","text":"Hello!"}]},{"role":"user","content":"And now?"}]}""";

    public static readonly ClientRequests All = new(
        """{"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"Hello."}]}""",
        new Dictionary<string, string>
        {
            ["system text"] = """{"system":"Rule one."}""",
            ["several system blocks"] = """{"system":[{"type":"text","text":"Rule one."},{"type":"text","text":"Rule two."}]}""",
            ["instructions in mid-conversation"] = """{"messages":[{"role":"user","content":"Hello."},{"role":"assistant","content":"Hello!"},{"role":"system","content":"Mid rule."},{"role":"user","content":"And now?"}]}""",
            ["image, inline"] = Content("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}"""),
            ["image, by address"] = Content("""{"type":"image","source":{"type":"url","url":"https://img.example/cat.png"}}"""),
            ["PDF, inline"] = Content("""{"type":"document","title":"report.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQK"}}"""),
            ["PDF, by address"] = Content("""{"type":"document","source":{"type":"url","url":"https://files.example/doc.pdf"}}"""),
            ["plain-text document"] = Content("""{"type":"document","source":{"type":"text","media_type":"text/plain","data":"Plain facts."}}"""),
            ["document with citations"] = Content("""{"type":"document","citations":{"enabled":true},"source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQK"}}"""),
            ["tools"] = $$$$"""{"tools":[{{{{Tool}}}}]}""",
            ["strict tool"] = """{"tools":[{"name":"get_weather","strict":true,"input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}]}""",
            ["further members of a tool"] = """{"tools":[{"name":"get_weather","input_schema":{"type":"object"},"input_examples":[{"city":"Rome"}]}]}""",
            ["tool without arguments"] = """
                {"tools":[{"name":"ping","input_schema":{"type":"object"}}],
                 "messages":[{"role":"user","content":"Ping."},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"ping","input":{}}]},
                  {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1"}]}]}
                """,
            ["a tool must be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"any"}}""",
            ["forced tool"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"tool","name":"get_weather"}}""",
            ["no tool may be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"none"}}""",
            ["parallel tools off"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}""",
            ["parallel calls and their results"] = $$$$"""
                {"tools":[{{{{Tool}}}}],
                 "messages":[{"role":"user","content":"Rome and Oslo?"},
                  {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Rome"}},{"type":"tool_use","id":"toolu_2","name":"get_weather","input":{"city":"Oslo"}}]},
                  {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"18 degrees"},{"type":"tool_result","tool_use_id":"toolu_2","content":"9 degrees"}]}]}
                """,
            ["tool result, error"] = Result("""{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":"no such city"}"""),
            ["tool result with image"] = Result("""{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}"""),
            ["web search, no other tool"] = """{"tools":[{"type":"web_search_20250305","name":"web_search"}]}""",
            ["web search"] = $$$$"""{"tools":[{{{{Tool}}}},{"type":"web_search_20250305","name":"web_search","max_uses":3}]}""",
            ["code execution, no other tool"] = """{"tools":[{"type":"code_execution_20250825","name":"code_execution"}]}""",
            ["thinking budget"] = """{"thinking":{"type":"enabled","budget_tokens":4096}}""",
            ["thinking, amount left to the model"] = """{"thinking":{"type":"adaptive"}}""",
            ["thinking effort"] = """{"output_config":{"effort":"high"}}""",
            ["thinking off"] = """{"thinking":{"type":"disabled"}}""",
            ["thinking of the upstream's own model replayed"] = Signed,
            ["thinking of another vendor's model replayed"] = Signed,
            ["cache mark on system"] = """{"system":[{"type":"text","text":"Rule one.","cache_control":{"type":"ephemeral"}}]}""",
            ["cache mark on tools"] = """{"tools":[{"name":"get_weather","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}}]}""",
            ["cache mark on a message"] = Content("""{"type":"text","text":"Long text.","cache_control":{"type":"ephemeral"}}"""),
            ["cache mark on a tool result"] = Result("""{"type":"tool_result","tool_use_id":"toolu_1","content":"18 degrees","cache_control":{"type":"ephemeral"}}"""),
            ["cache for an hour"] = """{"system":[{"type":"text","text":"Rule one.","cache_control":{"type":"ephemeral","ttl":"1h"}}]}""",
            ["automatic cache"] = """{"cache_control":{"type":"ephemeral"}}""",
            ["stop sequences"] = """{"stop_sequences":["HALT"]}""",
            ["temperature"] = """{"temperature":0.25}""",
            ["top_p"] = """{"top_p":0.5}""",
            ["top_k"] = """{"top_k":7}""",
            ["answer by a JSON schema"] = """{"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}}""",
            ["output limit"] = """{"max_tokens":123}""",
            ["end user's id"] = """{"metadata":{"user_id":"user-77"}}""",
            ["service tier"] = """{"service_tier":"standard_only"}""",
            ["unknown member"] = """{"future_member":"fm-1"}""",
            ["unknown content block"] = Content("""{"type":"future_block","data":"fb-1"}"""),
            ["stream with usage"] = """{"stream":true}""",
        });

    private static string Content(string block) => $$$$"""{"messages":[{"role":"user","content":[{{{{block}}}},{"type":"text","text":"Look."}]}]}""";

    private static string Result(string block) => $$$$"""{"tools":[{{{{Tool}}}}],"messages":[{{{{Call}}}},{"role":"user","content":[{{{{block}}}}]}]}""";
}
