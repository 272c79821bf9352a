using System.Security.Cryptography;
using System.Text;

namespace Sluice.Storage.Identity;

/// <summary>The admin key that <c>serve</c> makes when none is configured: <c>DATA/admin.key</c>, readable by its owner alone.</summary>
public static class AdminKeyFile
{
    /// <summary>Shortest text that is taken for an admin key, in characters.</summary>
    public const int MinLength = 16;

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Path of the file.</summary>
    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "admin.key");

    /// <summary>The admin key to use: the configured one, else the file's, which is made where it is missing.</summary>
    /// <exception cref="StoreUnusableException">The key is too short.</exception>
    public static string Ensure(string dataFolder, string? configured)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            if (configured.Length < MinLength)
            {
                throw new StoreUnusableException($"The admin key (auth.admin_key or SLUICE_ADMIN_KEY) has {configured.Length} characters; it needs at least {MinLength}.");
            }

            // Commands on this machine find it there, and never an older one.
            PrivateFolder.Create(dataFolder);
            PrivateFolder.Write(PathIn(dataFolder), Encoding.UTF8.GetBytes(configured + "\n"));
            return configured;
        }

        if (Read(dataFolder) is { Length: >= MinLength } present)
        {
            return present;
        }

        PrivateFolder.Create(dataFolder);
        var made = "sluice-admin-" + RandomNumberGenerator.GetString(Alphabet, 40);
        PrivateFolder.Write(PathIn(dataFolder), Encoding.ASCII.GetBytes(made + "\n"));
        return made;
    }

    /// <summary>The file's key; null where there is none, or this user may not read it.</summary>
    public static string? Read(string dataFolder)
    {
        try
        {
            return File.ReadAllText(PathIn(dataFolder)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
