using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Formats;

/// <summary>
/// The line with which Claude Code begins its instructions (<c>x-anthropic-billing-header: …</c>). It means something to Anthropic alone, and its
/// value changes between releases and requests: left in, it would end every prompt cache of other vendors at the first byte.
/// </summary>
internal static class BillingLine
{
    private const string Begin = "x-anthropic-billing-header:";

    /// <summary>The request without it, unless it goes to a Claude; the same one where there is none.</summary>
    public static ConversationRequest Remove(ConversationRequest request, UpstreamTarget target, DegradationLog degradations)
    {
        if (!request.System.Any(IsBilling)
            || target.CanonicalModel.Contains("claude", StringComparison.OrdinalIgnoreCase) || target.Model.Contains("claude", StringComparison.OrdinalIgnoreCase))
        {
            return request;
        }

        degradations.Add("billing_header", DegradationOutcome.Dropped, "Claude Code's billing line means nothing to other vendors.");
        return request with { System = [.. request.System.Where(p => !IsBilling(p))] };
    }

    private static bool IsBilling(ContentPart part) => part is TextPart text && text.Text.StartsWith(Begin, StringComparison.Ordinal);
}
