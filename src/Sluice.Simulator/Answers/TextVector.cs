using System.Security.Cryptography;
using System.Text;

namespace Sluice.Simulator.Answers;

/// <summary>Embeddings that mean nothing and are always the same for the same text.</summary>
internal static class TextVector
{
    public const int UsualDimensions = 8;

    private const int MaxDimensions = 4096;

    /// <param name="text">Of what.</param>
    /// <param name="dimensions">As asked for; null for the usual.</param>
    /// <returns>A vector of length 1.</returns>
    public static float[] Of(string text, int? dimensions)
    {
        var vector = new float[Math.Clamp(dimensions ?? UsualDimensions, 1, MaxDimensions)];
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        var sum = 0d;
        for (var i = 0; i < vector.Length; i++)
        {
            if (i > 0 && i % digest.Length == 0)
            {
                digest = SHA256.HashData(digest);
            }

            vector[i] = digest[i % digest.Length] - 127.5f;
            sum += vector[i] * vector[i];
        }

        var length = (float)Math.Sqrt(sum);
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] /= length;
        }

        return vector;
    }
}
