using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Core.Configuration.Reading;

/// <summary>One hash over everything that a snapshot was made of.</summary>
internal static class ContentHash
{
    public static string Of(ConfigSources sources, IReadOnlyList<KeyValuePair<string, string>> substituted, IReadOnlyList<ProviderSettings> providers)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, sources.FileText ?? "");
        foreach (var (name, value) in substituted)
        {
            Add(hash, name);
            Add(hash, value);
        }

        foreach (var variable in (string[])["SLUICE_ADMIN_KEY", "SLUICE_DATA", "SLUICE_STORAGE", "SLUICE_URLS"])
        {
            Add(hash, sources.Environment.GetValueOrDefault(variable) ?? "");
        }

        Add(hash, string.Join('\n', sources.Urls ?? []));
        Add(hash, sources.Storage ?? "");
        Add(hash, sources.DataFolder ?? "");
        foreach (var provider in providers)
        {
            Add(hash, provider.Name);
            foreach (var credential in provider.Credentials)
            {
                Add(hash, credential.Secret);
            }

            foreach (var part in provider.Cloud?.Secrets ?? [])
            {
                Add(hash, part ?? "");
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Each part with its length, so that no two different lists of parts run together into the same bytes.
    private static void Add(IncrementalHash hash, string part)
    {
        var bytes = Encoding.UTF8.GetBytes(part);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
