namespace Sluice.Protocols.Native;

/// <summary>What a top-level member of a request body means to routing, whatever it is called.</summary>
public enum MemberMeaning
{
    /// <summary>Nothing, unless it is one of the gateway's own members.</summary>
    None,

    /// <summary>The model's name, a string; allowed once.</summary>
    Model,

    /// <summary>The stream switch, a boolean; allowed once.</summary>
    Stream,

    /// <summary>The turns, an array.</summary>
    Messages,

    /// <summary>The turns, an array, or one turn without it.</summary>
    MessagesOrOne,

    /// <summary>The turns, an array, or one turn as a string.</summary>
    Input,

    /// <summary>Tool declarations, an array.</summary>
    Tools,

    /// <summary>Leading instructions.</summary>
    System,

    /// <summary>The output limit.</summary>
    OutputLimit,

    /// <summary>The output limit under its newer name, which wins.</summary>
    PreferredOutputLimit,

    /// <summary>How many answers at once.</summary>
    Choices,

    /// <summary>Anthropic's <c>thinking</c> object.</summary>
    Thinking,

    /// <summary>An effort word.</summary>
    ReasoningEffort,

    /// <summary>An object with an effort, or with <c>enabled</c>.</summary>
    Reasoning,

    /// <summary>Anthropic's <c>metadata</c>, which holds the session of some agents.</summary>
    Metadata,

    /// <summary>A cache mark for the whole request.</summary>
    CacheControl,

    /// <summary>OpenAI's <c>prompt_cache_key</c>: a session.</summary>
    CacheKey,

    /// <summary>Chat's <c>stream_options</c>; allowed once.</summary>
    StreamOptions,

    /// <summary>The service tier, a string; allowed once.</summary>
    ServiceTier,

    /// <summary>How fast, a string.</summary>
    Speed,

    /// <summary>The shape that the answer must have: shown to the model like a tool.</summary>
    OutputShape,

    /// <summary>Responses' <c>previous_response_id</c> or <c>conversation</c>: what went before is kept at one provider.</summary>
    Continuation,

    /// <summary>Gemini's <c>generationConfig</c>: output limit, thinking and the answer's shape in one object.</summary>
    GenerationConfig,
}
