using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>Writes <c>thinkingConfig</c>: a level for Gemini 3, a budget for 2.5, nothing for older models.</summary>
internal sealed class GeminiThinkingWriter(Utf8JsonWriter json, ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
{
    // The ranges of Google's thinking page: Pro 128 to 32,768; Flash 0 to 24,576.
    private const long LeastOfPro = 128;
    private const long MostOfPro = 32_768;
    private const long MostOfFlash = 24_576;

    private readonly string _model = GeminiVersions.Of(target.CanonicalModel) is not null ? target.CanonicalModel : target.Model;

    /// <summary>Writes the member, if the client said anything about thinking.</summary>
    public void Write()
    {
        if (request.Reasoning is not { } reasoning)
        {
            return;
        }

        var off = reasoning.Mode == ReasoningMode.Off || reasoning.Effort == "none";
        if (GeminiVersions.Of(_model) is not >= 2.5m || target.Traits.Reasoning == false)
        {
            if (!off)
            {
                degradations.Add("thinking", DegradationOutcome.Dropped, $"{target.Model} does not think.");
            }

            return;
        }

        json.WriteStartObject("thinkingConfig"u8);
        if (!off)
        {
            // Google's clients ask for thoughts; to all others an answer with thinking shows it.
            json.WriteBoolean("includeThoughts"u8, request.From == WireProtocol.Gemini ? reasoning.Display is not null : reasoning.Display != "omitted");
        }

        if (GeminiVersions.IsAtLeast(_model, 3m))
        {
            WriteLevel(reasoning, off);
        }
        else
        {
            WriteBudget(reasoning, off);
        }

        json.WriteEndObject();
    }

    private void WriteLevel(ReasoningOptions reasoning, bool off)
    {
        var wanted = off ? "none" : reasoning.Effort ?? reasoning.BudgetTokens switch
        {
            null => null,
            <= 512 => "minimal",
            <= 2048 => "low",
            <= 8192 => "medium",
            _ => "high",
        };
        if (wanted is null)
        {
            return;
        }

        var level = LevelOf(wanted);
        if (off)
        {
            degradations.Add("thinking.off", DegradationOutcome.Weakened, $"{target.Model} cannot stop thinking: it thinks as little as it can.");
        }
        else if (reasoning.Effort is not null && level != wanted)
        {
            degradations.Add("reasoning.effort", DegradationOutcome.Weakened, $"{target.Model} does not know effort '{wanted}': it became '{level}'.");
        }
        else if (reasoning.Effort is null)
        {
            degradations.Add("thinking.budget", DegradationOutcome.Emulated, $"{target.Model} takes a level instead of a budget.");
        }

        json.WriteString("thinkingLevel"u8, level.ToUpperInvariant());
    }

    private string LevelOf(string effort)
    {
        var pro = GeminiVersions.IsPro(_model);
        var known = target.Traits.Efforts.Where(e => e is "minimal" or "low" or "medium" or "high").ToList();
        if (known.Count == 0)
        {
            // Pro knows no "minimal"; the first Gemini 3 Pro knew no "medium" either.
            known = pro ? GeminiVersions.Of(_model) == 3m ? ["low", "high"] : ["low", "medium", "high"] : ["minimal", "low", "medium", "high"];
        }

        string[] order = ["minimal", "low", "medium", "high"];
        var wanted = effort switch
        {
            "none" or "minimal" => 0,
            "low" => 1,
            "medium" => 2,
            _ => 3,
        };
        return order.Skip(wanted).FirstOrDefault(known.Contains) ?? known[^1];
    }

    private void WriteBudget(ReasoningOptions reasoning, bool off)
    {
        var pro = GeminiVersions.IsPro(_model);
        var most = target.Traits.MaxThinkingBudget ?? (pro ? MostOfPro : MostOfFlash);
        if (off)
        {
            if (pro)
            {
                degradations.Add("thinking.off", DegradationOutcome.Weakened, $"{target.Model} cannot stop thinking: it thinks as little as it can.");
            }

            json.WriteNumber("thinkingBudget"u8, pro ? LeastOfPro : 0);
            return;
        }

        var budget = reasoning.BudgetTokens ?? reasoning.Effort switch
        {
            // -1: the model decides.
            null => -1,
            "minimal" => 512,
            "low" => 1024,
            "medium" => 8192,
            "high" => 24_576,
            _ => most,
        };
        if (reasoning.Effort is not null && reasoning.BudgetTokens is null)
        {
            degradations.Add("reasoning.effort", DegradationOutcome.Emulated, $"{target.Model} takes a thinking budget instead of an effort.");
        }

        if (budget > most)
        {
            degradations.Add("thinking.budget", DegradationOutcome.Weakened, $"{target.Model} thinks for {most} tokens at most.");
        }

        json.WriteNumber("thinkingBudget"u8, budget < 0 ? -1 : Math.Clamp(budget, pro ? LeastOfPro : 1, most));
    }
}
