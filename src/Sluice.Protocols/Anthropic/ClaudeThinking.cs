using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// How a Claude model is told to think, with Anthropic's <c>thinking</c> and effort, which Bedrock's Converse takes too. Which of them a model takes hangs on its
/// version; a Claude whose name says none is taken for a new one.
/// </summary>
internal sealed class ClaudeThinking
{
    private const long MinBudget = 1024;

    // What an answer may have beside a budget where nobody names a limit.
    private const long RoomForText = 8192;

    private readonly ConversationRequest _request;
    private readonly UpstreamTarget _target;
    private readonly DegradationLog _degradations;
    private bool _disabled;
    private bool _adaptive;
    private long _budget;

    /// <summary>Settles it.</summary>
    /// <param name="request">What the client wants.</param>
    /// <param name="target">The model.</param>
    /// <param name="maxTokens">The answer's limit of tokens; null where nobody names one.</param>
    /// <param name="degradations">Takes what the model cannot do.</param>
    public ClaudeThinking(ConversationRequest request, UpstreamTarget target, long? maxTokens, DegradationLog degradations)
    {
        (_request, _target, _degradations) = (request, target, degradations);
        MaxTokens = maxTokens;
        if (request.Reasoning is { } reasoning)
        {
            Decide(reasoning);
        }
    }

    /// <summary>It thinks in this answer: choices of tools and sampling are then bound.</summary>
    public bool Thinks => _adaptive || _budget > 0;

    /// <summary>The limit to send: as given, or one above the budget where a budget needs one. Null for the model's own.</summary>
    public long? MaxTokens { get; private set; }

    /// <summary><see cref="Write"/> writes something.</summary>
    public bool WritesMember => _disabled || Thinks;

    /// <summary>Writes <c>thinking</c>, or nothing.</summary>
    public void Write(Utf8JsonWriter json)
    {
        if (!WritesMember)
        {
            return;
        }

        json.WriteStartObject("thinking"u8);
        json.WriteString("type"u8, _disabled ? "disabled"u8 : _adaptive ? "adaptive"u8 : "enabled"u8);
        if (_budget > 0)
        {
            json.WriteNumber("budget_tokens"u8, _budget);
        }

        // Models that take a budget are older than the word; a client of another format does not know that.
        if (_request.Reasoning?.Display is { } display && (_adaptive || (_budget > 0 && IsAnthropics)))
        {
            json.WriteString("display"u8, display);
        }

        json.WriteEndObject();
    }

    /// <summary>The effort to send; null for none. Claude takes one with thinking off too: it then shapes the text.</summary>
    public string? Effort()
    {
        if (_request.Reasoning is not { } reasoning || reasoning.Effort == "none" || _target.Traits.Reasoning == false)
        {
            return null;
        }

        var word = reasoning.Effort ?? (RefusesBudget && reasoning.BudgetTokens is { } budget ? ThinkingBudgets.EffortOf(budget) : null);
        if (word is null)
        {
            return null;
        }

        if (!TakesAdaptive && _target.Traits.Efforts.Count == 0)
        {
            _degradations.Add("reasoning.effort", DegradationOutcome.Emulated, $"{_target.Model} takes a thinking budget instead of an effort.");
            return null;
        }

        var known = word switch
        {
            "minimal" => "low",
            "xhigh" or "max" when _target.Traits.Efforts.Count > 0 && !_target.Traits.Efforts.Contains(word, StringComparer.Ordinal) => "high",
            _ => word,
        };
        if (known != word)
        {
            _degradations.Add("reasoning.effort", DegradationOutcome.Weakened, $"{_target.Model} does not know effort '{FeatureWords.Clean(word, 20)}': it became '{known}'.");
        }

        return known;
    }

    private bool IsAnthropics => _request.From == WireProtocol.AnthropicMessages;

    // Adaptive thinking came with Claude 4.6, and effort without a beta with it.
    private bool TakesAdaptive => _target.Traits.AdaptiveThinking ?? !ClaudeVersions.IsBelow(_target.CanonicalModel, 4.6m);

    // From 4.7 on Claude refuses a budget; a client of another format does not know that.
    private bool RefusesBudget => !IsAnthropics && ClaudeVersions.IsClaude(_target.CanonicalModel) && !ClaudeVersions.IsBelow(_target.CanonicalModel, 4.7m);

    private void Decide(ReasoningOptions reasoning)
    {
        if (reasoning.Mode == ReasoningMode.Off || reasoning.Effort == "none")
        {
            _disabled = true;
            return;
        }

        if (_target.Traits.Reasoning == false)
        {
            Drop($"{_target.Model} does not think.");
            return;
        }

        if (TakesAdaptive && (reasoning.Mode == ReasoningMode.Adaptive || RefusesBudget))
        {
            _adaptive = true;
            return;
        }

        // The budget must stay below the limit, so a limit has to be named. An effort word leaves room for the text; a client's own budget is its
        // own business, as long as it is legal.
        var limit = MaxTokens ?? _target.Traits.MaxOutputTokens ?? RoomForText + (reasoning.BudgetTokens is { } named ? Math.Min(named, 1_000_000) : ThinkingBudgets.BudgetOf(reasoning.Effort));
        var budget = Math.Min(
            reasoning.BudgetTokens is { } own ? Math.Min(own, limit - 1) : Math.Min(ThinkingBudgets.BudgetOf(reasoning.Effort), Math.Max(MinBudget, (long)(limit * ThinkingBudgets.ShareOf(reasoning.Effort)))),
            _target.Traits.MaxThinkingBudget ?? long.MaxValue);
        if (budget < MinBudget || budget >= limit)
        {
            Drop($"A limit of {limit} tokens leaves no room for the {MinBudget} that thinking needs at least.");
            return;
        }

        if (reasoning is { Mode: ReasoningMode.Adaptive, Effort: null })
        {
            _degradations.Add("reasoning.adaptive", DegradationOutcome.Emulated, $"{_target.Model} does not choose how much it thinks: it got a budget.");
        }

        _budget = budget;
        MaxTokens = limit;
    }

    private void Drop(string why) => _degradations.Add("thinking", DegradationOutcome.Dropped, why);
}
