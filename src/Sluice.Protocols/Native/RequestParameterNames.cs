namespace Sluice.Protocols.Native;

/// <summary>The words for parameters, as OpenRouter lists them in <c>supported_parameters</c>.</summary>
public static class RequestParameterNames
{
    private static readonly (string Word, RequestParameters Parameter)[] Table =
    [
        ("temperature", RequestParameters.Temperature), ("top_p", RequestParameters.TopP), ("top_k", RequestParameters.TopK),
        ("min_p", RequestParameters.MinP), ("top_a", RequestParameters.TopA), ("frequency_penalty", RequestParameters.FrequencyPenalty),
        ("presence_penalty", RequestParameters.PresencePenalty), ("repetition_penalty", RequestParameters.RepetitionPenalty),
        ("seed", RequestParameters.Seed), ("logit_bias", RequestParameters.LogitBias), ("logprobs", RequestParameters.Logprobs),
        ("top_logprobs", RequestParameters.TopLogprobs), ("stop", RequestParameters.Stop), ("max_tokens", RequestParameters.MaxTokens),
        ("response_format", RequestParameters.ResponseFormat), ("structured_outputs", RequestParameters.StructuredOutputs),
        ("tools", RequestParameters.Tools), ("tool_choice", RequestParameters.ToolChoice), ("parallel_tool_calls", RequestParameters.ParallelToolCalls),
        ("reasoning", RequestParameters.Reasoning), ("verbosity", RequestParameters.Verbosity), ("web_search_options", RequestParameters.WebSearch),
        ("prediction", RequestParameters.Prediction),
    ];

    /// <summary>All words.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Word)];

    /// <summary>The parameter of a word; none for any other text.</summary>
    public static RequestParameters Parse(string word) => Array.Find(Table, row => row.Word == word).Parameter;

    /// <summary>The words of a set.</summary>
    public static IEnumerable<string> WordsOf(RequestParameters parameters) => Table.Where(row => parameters.HasFlag(row.Parameter)).Select(row => row.Word);
}
