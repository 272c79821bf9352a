using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Writes <c>additionalModelRequestFields</c>: what Converse has no word for and a family of models takes in words of its own.</summary>
internal sealed class ConverseModelFields(ConversationRequest request, UpstreamTarget target, ConverseModel model, DegradationLog degradations)
{
    private const long MinBudget = 1024;

    private long _budget;
    private bool _adaptive;
    private bool _disabled;

    /// <summary>Claude will think in this answer: choices and sampling are then bound. Set by <see cref="Decide"/>.</summary>
    public bool Thinks => _budget > 0 || _adaptive;

    /// <summary>Settles how Claude thinks, and with that how many tokens the answer may have.</summary>
    /// <param name="maxTokens">What the client allows; null where it says nothing.</param>
    /// <returns>The limit to send; null for the model's own.</returns>
    public long? Decide(long? maxTokens)
    {
        if (request.Reasoning is not { } reasoning || !model.IsClaude)
        {
            return maxTokens;
        }

        if (reasoning.Mode == ReasoningMode.Off || reasoning.Effort == "none")
        {
            _disabled = true;
            return maxTokens;
        }

        if (target.Traits.Reasoning == false)
        {
            Drop("thinking", "This model does not think.");
            return maxTokens;
        }

        var refusesBudget = request.From != WireProtocol.AnthropicMessages && ClaudeVersions.IsAtLeast(target.CanonicalModel, opus: 4.7m, others: 4.7m);
        if (TakesAdaptive() && (reasoning.Mode == ReasoningMode.Adaptive || refusesBudget))
        {
            _adaptive = true;
            return maxTokens;
        }

        // The budget must stay below the limit, so a limit has to be named.
        var limit = maxTokens ?? target.Traits.MaxOutputTokens ?? 8192 + (reasoning.BudgetTokens is { } named ? Math.Min(named, 1_000_000) : ThinkingBudgets.BudgetOf(reasoning.Effort));
        var budget = Math.Min(
            reasoning.BudgetTokens is { } own ? Math.Min(own, limit - 1) : Math.Min(ThinkingBudgets.BudgetOf(reasoning.Effort), Math.Max(MinBudget, (long)(limit * ThinkingBudgets.ShareOf(reasoning.Effort)))),
            target.Traits.MaxThinkingBudget ?? long.MaxValue);
        if (budget < MinBudget || budget >= limit)
        {
            Drop("thinking", "The limit of output tokens leaves no room for the 1024 that thinking needs at least.");
            return maxTokens;
        }

        if (reasoning.Mode == ReasoningMode.Adaptive)
        {
            degradations.Add("reasoning.adaptive", DegradationOutcome.Emulated, $"{target.Model} does not choose how much it thinks: it got a budget.");
        }

        _budget = budget;
        return limit;
    }

    /// <summary>Writes the member, or nothing.</summary>
    public void Write(Utf8JsonWriter json)
    {
        var betas = Betas();
        var effort = Effort();
        var reasoning = OtherReasoning();
        var topK = TopK();
        if (!_disabled && !Thinks && betas.Count == 0 && effort is null && reasoning is null && topK is null)
        {
            return;
        }

        json.WriteStartObject("additionalModelRequestFields"u8);
        WriteThinking(json);
        if (effort is not null)
        {
            json.WriteStartObject("output_config"u8);
            json.WriteString("effort"u8, effort);
            json.WriteEndObject();
        }

        WriteOtherReasoning(json, reasoning);
        WriteTopK(json, topK);
        if (betas.Count > 0)
        {
            json.WriteStartArray("anthropic_beta"u8);
            foreach (var beta in betas)
            {
                json.WriteStringValue(beta);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteThinking(Utf8JsonWriter json)
    {
        if (!_disabled && !Thinks)
        {
            return;
        }

        json.WriteStartObject("thinking"u8);
        json.WriteString("type"u8, _disabled ? "disabled"u8 : _adaptive ? "adaptive"u8 : "enabled"u8);
        if (_budget > 0)
        {
            json.WriteNumber("budget_tokens"u8, _budget);
        }

        if (Thinks && request.Reasoning?.Display is { } display)
        {
            json.WriteString("display"u8, display);
        }

        json.WriteEndObject();
    }

    // Adaptive thinking came with Claude 4.6, and effort without a beta with it.
    private bool TakesAdaptive() => target.Traits.AdaptiveThinking ?? ClaudeVersions.IsAtLeast(target.CanonicalModel, opus: 4.6m, others: 4.6m);

    private string? Effort()
    {
        if (!model.IsClaude || request.Reasoning?.Effort is not { } word || word == "none" || target.Traits.Reasoning == false)
        {
            return null;
        }

        if (!TakesAdaptive())
        {
            degradations.Add("reasoning.effort", DegradationOutcome.Emulated, "This model takes a thinking budget instead of an effort.");
            return null;
        }

        var known = word switch
        {
            "minimal" => "low",
            "xhigh" or "max" when target.Traits.Efforts.Count > 0 && !target.Traits.Efforts.Contains(word, StringComparer.Ordinal) => "high",
            _ => word,
        };
        if (known != word)
        {
            degradations.Add("reasoning.effort", DegradationOutcome.Weakened, $"This model does not know effort '{FeatureWords.Clean(word, 20)}': it became '{known}'.");
        }

        return known;
    }

    // Nova and OpenAI's open models know three words.
    private string? OtherReasoning()
    {
        if (model.IsClaude || request.Reasoning is not { Mode: not ReasoningMode.Off } reasoning || reasoning.Effort == "none")
        {
            return null;
        }

        if ((!model.IsNova && !model.IsGptOss) || target.Traits.Reasoning == false)
        {
            Drop("thinking", "This model's thinking cannot be steered on Bedrock.");
            return null;
        }

        return (reasoning.Effort ?? (reasoning.BudgetTokens is { } budget ? ThinkingBudgets.EffortOf(budget) : null)) switch
        {
            "minimal" or "low" => "low",
            "high" or "xhigh" or "max" => "high",
            _ => "medium",
        };
    }

    private void WriteOtherReasoning(Utf8JsonWriter json, string? word)
    {
        if (word is null)
        {
            return;
        }

        if (model.IsGptOss)
        {
            json.WriteString("reasoning_effort"u8, word);
            return;
        }

        json.WriteStartObject("reasoningConfig"u8);
        json.WriteString("type"u8, "enabled"u8);
        json.WriteString("maxReasoningEffort"u8, word);
        json.WriteEndObject();
    }

    private long? TopK()
    {
        if (request.Sampling.TopK is not { } topK)
        {
            return null;
        }

        if ((!model.IsClaude && !model.IsNova) || Thinks || target.Traits.Sampling == false)
        {
            Drop("sampling.top_k", "This model takes no top_k on Bedrock, or not while it thinks.");
            return null;
        }

        return topK;
    }

    private void WriteTopK(Utf8JsonWriter json, long? topK)
    {
        if (topK is not { } value)
        {
            return;
        }

        if (model.IsClaude)
        {
            json.WriteNumber("top_k"u8, value);
            return;
        }

        json.WriteStartObject("inferenceConfig"u8);
        json.WriteNumber("topK"u8, value);
        json.WriteEndObject();
    }

    private IReadOnlyList<string> Betas()
    {
        foreach (var (name, value) in request.Extras)
        {
            if (name == "anthropic_beta" && model.IsClaude)
            {
                return ClaudeBetas.Accepted(ClaudeHost.BedrockConverse, ClaudeBetas.ReadList(value.Utf8.Span), degradations);
            }
        }

        return [];
    }

    private void Drop(string feature, string why) => degradations.Add(feature, DegradationOutcome.Dropped, why);
}
