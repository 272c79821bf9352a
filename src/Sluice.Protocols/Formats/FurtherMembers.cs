using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Formats;

/// <summary>Members of a tool that only the vendor of the client's format knows (<c>input_examples</c>, <c>allowed_callers</c>).</summary>
internal static class FurtherMembers
{
    /// <summary>Says of each that it was left out.</summary>
    public static void Note(FunctionTool function, string why, DegradationLog degradations)
    {
        if (function.Extra.IsEmpty)
        {
            return;
        }

        using var members = JsonDocument.Parse(function.Extra.Utf8, new JsonDocumentOptions { MaxDepth = 512 });
        foreach (var member in members.RootElement.EnumerateObject())
        {
            degradations.Add("tools." + FeatureWords.Of(member.Name), DegradationOutcome.Dropped, why);
        }
    }
}
