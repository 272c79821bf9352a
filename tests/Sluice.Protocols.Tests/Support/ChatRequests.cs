namespace Sluice.Protocols.Tests.Support;

/// <summary>What Chat clients can ask for, members of OpenRouter's dialect included.</summary>
internal static class ChatRequests
{
    private const string Tool = """{"type":"function","function":{"name":"get_weather","description":"Weather of a city.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}""";

    private const string Call = """{"role":"user","content":"Weather in Rome?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Rome\"}"}}]}""";

    private const string Signed = """
        {"messages":[{"role":"user","content":"Hello."},
         {"role":"assistant","content":"Hello!","reasoning_details":[{"type":"reasoning.text","text":"A greeting.","signature":"c2lnbmVkLXRoaW5raW5n","format":"@DETAILS@","index":0}]},
         {"role":"user","content":"And now?"}]}
        """;

    public static readonly ClientRequests All = new(
        """{"model":"m","messages":[{"role":"user","content":"Hello."}]}""",
        new Dictionary<string, string>
        {
            ["system text"] = """{"messages":[{"role":"system","content":"Rule one."},{"role":"user","content":"Hello."}]}""",
            ["several system blocks"] = """{"messages":[{"role":"system","content":"Rule one."},{"role":"developer","content":"Rule two."},{"role":"user","content":"Hello."}]}""",
            ["instructions in mid-conversation"] = """{"messages":[{"role":"user","content":"Hello."},{"role":"assistant","content":"Hello!"},{"role":"system","content":"Mid rule."},{"role":"user","content":"And now?"}]}""",
            ["image, inline"] = Content("""{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"""),
            ["image, by address"] = Content("""{"type":"image_url","image_url":{"url":"https://img.example/cat.png"}}"""),
            ["image detail"] = Content("""{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"high"}}"""),
            ["PDF, inline"] = Content("""{"type":"file","file":{"filename":"report.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQK"}}"""),
            ["PDF, by address"] = Content("""{"type":"file","file":{"filename":"doc.pdf","file_data":"https://files.example/doc.pdf"}}"""),
            ["plain-text document"] = Content("""{"type":"file","file":{"filename":"facts.txt","file_data":"data:text/plain;base64,UGxhaW4gZmFjdHMu"}}"""),
            ["sound"] = Content("""{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}"""),
            ["tools"] = $$$$"""{"tools":[{{{{Tool}}}}]}""",
            ["strict tool"] = """{"tools":[{"type":"function","function":{"name":"get_weather","strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}]}""",
            ["tool without arguments"] = """
                {"tools":[{"type":"function","function":{"name":"ping"}}],
                 "messages":[{"role":"user","content":"Ping."},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"ping","arguments":""}}]},
                  {"role":"tool","tool_call_id":"call_1","content":""}]}
                """,
            ["tool with free text"] = $$$$"""{"tools":[{{{{Tool}}}},{"type":"custom","custom":{"name":"apply_patch","description":"Takes a patch."}}]}""",
            ["a tool must be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":"required"}""",
            ["forced tool"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":{"type":"function","function":{"name":"get_weather"}}}""",
            ["no tool may be called"] = $$$$"""{"tools":[{{{{Tool}}}}],"tool_choice":"none"}""",
            ["parallel tools off"] = $$$$"""{"tools":[{{{{Tool}}}}],"parallel_tool_calls":false}""",
            ["parallel calls and their results"] = $$$$"""
                {"tools":[{{{{Tool}}}}],
                 "messages":[{"role":"user","content":"Rome and Oslo?"},
                  {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Rome\"}"}},
                   {"id":"call_2","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]},
                  {"role":"tool","tool_call_id":"call_1","content":"18 degrees"},{"role":"tool","tool_call_id":"call_2","content":"9 degrees"}]}
                """,
            ["tool result with image"] = Result("""{"role":"tool","tool_call_id":"call_1","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}"""),
            ["web search"] = """{"web_search_options":{}}""",
            ["thinking budget"] = """{"reasoning":{"max_tokens":4096}}""",
            ["thinking, amount left to the model"] = """{"reasoning":{"enabled":true}}""",
            ["thinking effort"] = """{"reasoning_effort":"high"}""",
            ["thinking off"] = """{"reasoning_effort":"none"}""",
            ["thinking of the upstream's own model replayed"] = Signed,
            ["thinking of another vendor's model replayed"] = Signed,
            ["cache mark on system"] = """{"messages":[{"role":"system","content":[{"type":"text","text":"Rule one.","cache_control":{"type":"ephemeral"}}]},{"role":"user","content":"Hello."}]}""",
            ["cache mark on tools"] = """{"tools":[{"type":"function","function":{"name":"get_weather"},"cache_control":{"type":"ephemeral"}}]}""",
            ["cache mark on a message"] = Content("""{"type":"text","text":"Long text.","cache_control":{"type":"ephemeral"}}"""),
            ["cache mark on a tool result"] = Result("""{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"18 degrees","cache_control":{"type":"ephemeral"}}]}"""),
            ["cache for an hour"] = """{"messages":[{"role":"system","content":[{"type":"text","text":"Rule one.","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"user","content":"Hello."}]}""",
            ["automatic cache"] = """{"cache_control":{"type":"ephemeral"}}""",
            ["prompt cache key"] = """{"prompt_cache_key":"pck-1"}""",
            ["stop sequences"] = """{"stop":["HALT"]}""",
            ["temperature"] = """{"temperature":0.25}""",
            ["temperature over 1"] = """{"temperature":1.5}""",
            ["top_p"] = """{"top_p":0.5}""",
            ["top_k"] = """{"top_k":7}""",
            ["seed"] = """{"seed":11}""",
            ["frequency penalty"] = """{"frequency_penalty":0.5}""",
            ["presence penalty"] = """{"presence_penalty":0.5}""",
            ["answer by a JSON schema"] = """{"response_format":{"type":"json_schema","json_schema":{"name":"place","strict":true,"schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}}""",
            ["answer as any JSON object"] = """{"response_format":{"type":"json_object"}}""",
            ["verbosity"] = """{"verbosity":"low"}""",
            ["output limit"] = """{"max_completion_tokens":123}""",
            ["end user's id"] = """{"user":"user-77"}""",
            ["metadata"] = """{"metadata":{"trace":"t-9"}}""",
            ["service tier"] = """{"service_tier":"flex"}""",
            ["log probabilities"] = """{"logprobs":true,"top_logprobs":2}""",
            ["several answers"] = """{"n":2}""",
            ["unknown member"] = """{"future_member":"fm-1"}""",
            ["unknown content block"] = Content("""{"type":"future_block","data":"fb-1"}"""),
            ["stream with usage"] = """{"stream":true,"stream_options":{"include_usage":true}}""",
        });

    private static string Content(string part) => $$$$"""{"messages":[{"role":"user","content":[{{{{part}}}},{"type":"text","text":"Look."}]}]}""";

    private static string Result(string message) => $$$$"""{"tools":[{{{{Tool}}}}],"messages":[{{{{Call}}}},{{{{message}}}}]}""";
}
