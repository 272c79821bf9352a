using System.Security.Cryptography;

namespace Sluice.Storage.Identity;

/// <summary>The secret that ids of jobs are sealed with: <c>DATA/jobs.key</c>, readable by its owner alone. Without it, ids given out before are no ids any more.</summary>
public static class JobKeyFile
{
    private const int Length = 32;

    /// <summary>The file's secret, which is made where it is missing.</summary>
    public static byte[] Ensure(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "jobs.key");
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: Length } present)
        {
            return present;
        }

        PrivateFolder.Create(dataFolder);
        var made = RandomNumberGenerator.GetBytes(Length);
        PrivateFolder.Write(path, made);
        return made;
    }
}
