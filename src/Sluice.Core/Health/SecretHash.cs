using System.Security.Cryptography;
using System.Text;
using Sluice.Core.Configuration;

namespace Sluice.Core.Health;

/// <summary>Tells after a restart whether a credential is still the same, without keeping it.</summary>
internal static class SecretHash
{
    /// <summary>Keyed with the file's own salt: the same secret looks different in every file.</summary>
    public static string Of(string secret, byte[] salt) => Convert.ToHexStringLower(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(secret)).AsSpan(0, 16));

    /// <summary>Where a provider is.</summary>
    public static string Place(ProviderSettings provider) => $"{provider.Kind} {provider.BaseUrl}";

    /// <summary>What tells a provider and its credentials from others.</summary>
    public static SavedProvider Describe(ProviderSettings provider, byte[] salt)
    {
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var credential in provider.Credentials)
        {
            secrets[credential.Id] = Of(credential.Secret, salt);
        }

        return new SavedProvider(provider.Name, Place(provider), secrets);
    }
}
