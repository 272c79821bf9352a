namespace Sluice.Protocols.Native;

/// <summary>Parameters of a request by OpenRouter's names, whatever the client's format calls them.</summary>
[Flags]
public enum RequestParameters
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary><c>temperature</c></summary>
    Temperature = 1 << 0,

    /// <summary><c>top_p</c></summary>
    TopP = 1 << 1,

    /// <summary><c>top_k</c></summary>
    TopK = 1 << 2,

    /// <summary><c>min_p</c></summary>
    MinP = 1 << 3,

    /// <summary><c>top_a</c></summary>
    TopA = 1 << 4,

    /// <summary><c>frequency_penalty</c></summary>
    FrequencyPenalty = 1 << 5,

    /// <summary><c>presence_penalty</c></summary>
    PresencePenalty = 1 << 6,

    /// <summary><c>repetition_penalty</c></summary>
    RepetitionPenalty = 1 << 7,

    /// <summary><c>seed</c></summary>
    Seed = 1 << 8,

    /// <summary><c>logit_bias</c></summary>
    LogitBias = 1 << 9,

    /// <summary><c>logprobs</c></summary>
    Logprobs = 1 << 10,

    /// <summary><c>top_logprobs</c></summary>
    TopLogprobs = 1 << 11,

    /// <summary><c>stop</c></summary>
    Stop = 1 << 12,

    /// <summary><c>max_tokens</c></summary>
    MaxTokens = 1 << 13,

    /// <summary><c>response_format</c>: JSON of any shape.</summary>
    ResponseFormat = 1 << 14,

    /// <summary><c>structured_outputs</c>: JSON by a schema.</summary>
    StructuredOutputs = 1 << 15,

    /// <summary><c>tools</c></summary>
    Tools = 1 << 16,

    /// <summary><c>tool_choice</c></summary>
    ToolChoice = 1 << 17,

    /// <summary><c>parallel_tool_calls</c></summary>
    ParallelToolCalls = 1 << 18,

    /// <summary><c>reasoning</c></summary>
    Reasoning = 1 << 19,

    /// <summary><c>verbosity</c></summary>
    Verbosity = 1 << 20,

    /// <summary><c>web_search_options</c></summary>
    WebSearch = 1 << 21,

    /// <summary><c>prediction</c></summary>
    Prediction = 1 << 22,
}
