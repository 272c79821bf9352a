using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator;

/// <summary>Reads a body whole.</summary>
internal static class RequestBody
{
    /// <returns>The exact bytes; null when there are more than <paramref name="max"/>.</returns>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int max, CancellationToken ct)
    {
        if (request.ContentLength is { } announced)
        {
            if (announced > max)
            {
                return null;
            }

            var exact = GC.AllocateUninitializedArray<byte>((int)announced);
            await request.Body.ReadExactlyAsync(exact, ct);
            return exact;
        }

        using var grown = new MemoryStream();
        var piece = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(piece, ct)) > 0;)
        {
            if (grown.Length + read > max)
            {
                return null;
            }

            await grown.WriteAsync(piece.AsMemory(0, read), ct);
        }

        return grown.ToArray();
    }
}
