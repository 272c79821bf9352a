using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>What the family of a model on Bedrock means for the request: the API is one, but what a model takes through it is not.</summary>
internal sealed class ConverseModel(UpstreamTarget target)
{
    /// <summary>Claude: signed thinking, cache points everywhere, fields of its own.</summary>
    public bool IsClaude { get; } = Names(target, "claude");

    /// <summary>Amazon Nova: cache points in system and messages, <c>reasoningConfig</c>.</summary>
    public bool IsNova { get; } = Names(target, "nova");

    /// <summary>OpenAI's open models: <c>reasoning_effort</c>.</summary>
    public bool IsGptOss { get; } = Names(target, "gpt-oss");

    /// <summary>Takes cache points in system and messages; any other model answers them with a 400.</summary>
    public bool TakesCachePoints => IsClaude || IsNova;

    /// <summary>Takes a cache point behind its tools.</summary>
    public bool TakesToolCachePoints => IsClaude;

    /// <summary>Takes a time to live of an hour (from Claude 4.5 on).</summary>
    public bool TakesHourLongCache => ClaudeVersions.IsAtLeast(target.CanonicalModel, opus: 4.5m, others: 4.5m)
        || ClaudeVersions.IsAtLeast(target.Model, opus: 4.5m, others: 4.5m);

    private static bool Names(UpstreamTarget target, string family) =>
        target.CanonicalModel.Contains(family, StringComparison.OrdinalIgnoreCase) || target.Model.Contains(family, StringComparison.OrdinalIgnoreCase);
}
