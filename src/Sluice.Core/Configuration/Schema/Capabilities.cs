using Sluice.Protocols.Formats;

namespace Sluice.Core.Configuration.Schema;

/// <summary>The words for what a model can do, shared by the configuration file and the catalogue.</summary>
internal static class Capabilities
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> Words = ["images", "documents", "audio", "tools", "reasoning", "structured_output", "sampling"];

    /// <summary>Traits where exactly the listed words hold. What a model makes is said beside (<c>makes</c>); where it is not, it writes text.</summary>
    public static ModelTraits Apply(ModelTraits traits, IReadOnlyCollection<string> can) => traits with
    {
        Makes = Products.Text,
        Images = can.Contains("images", StringComparer.Ordinal),
        Documents = can.Contains("documents", StringComparer.Ordinal),
        Audio = can.Contains("audio", StringComparer.Ordinal),
        Tools = can.Contains("tools", StringComparer.Ordinal),
        Reasoning = can.Contains("reasoning", StringComparer.Ordinal),
        StructuredOutput = can.Contains("structured_output", StringComparer.Ordinal),
        Sampling = can.Contains("sampling", StringComparer.Ordinal),
    };
}
