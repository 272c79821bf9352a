using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Writes <c>additionalModelRequestFields</c>: what Converse has no word for and a family of models takes in words of its own.</summary>
internal sealed class ConverseModelFields(ConversationRequest request, UpstreamTarget target, ConverseModel model, DegradationLog degradations)
{
    private ClaudeThinking? _thinking;

    /// <summary>Claude will think in this answer: choices and sampling are then bound. Set by <see cref="Decide"/>.</summary>
    public bool Thinks => _thinking is { Thinks: true };

    /// <summary>Settles how Claude thinks, and with that how many tokens the answer may have.</summary>
    /// <param name="maxTokens">What the client allows; null where it says nothing.</param>
    /// <returns>The limit to send; null for the model's own.</returns>
    public long? Decide(long? maxTokens)
    {
        if (!model.IsClaude)
        {
            return maxTokens;
        }

        _thinking = new ClaudeThinking(request, target, maxTokens, degradations);
        return _thinking.MaxTokens;
    }

    /// <summary>Writes the member, or nothing.</summary>
    public void Write(Utf8JsonWriter json)
    {
        var betas = Betas();
        var effort = _thinking?.Effort();
        var reasoning = OtherReasoning();
        var topK = TopK();
        if (_thinking is not { WritesMember: true } && betas.Count == 0 && effort is null && reasoning is null && topK is null)
        {
            return;
        }

        json.WriteStartObject("additionalModelRequestFields"u8);
        _thinking?.Write(json);
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
