namespace Sluice.Core.Configuration.Reading;

/// <summary>Tells Sluice's own keys from those of providers.</summary>
internal static class SluiceKeys
{
    /// <summary>True for a key that Sluice issued: as a provider key it would make Sluice call itself.</summary>
    public static bool IsOne(string key) => key.StartsWith("sk-sluice-", StringComparison.Ordinal);
}
