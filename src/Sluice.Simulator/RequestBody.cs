using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator;

/// <summary>A request's body, whole. Owned by whoever read it; dispose returns rented memory.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly byte[]? _rented;

    private RequestBody(ReadOnlyMemory<byte> bytes, byte[]? rented)
    {
        Bytes = bytes;
        _rented = rented;
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <param name="request">The request.</param>
    /// <param name="max">Bytes that are read at most.</param>
    /// <param name="rent">The body is not kept: rent its memory. A fresh large array for each request would cost more than the rest of the exchange.</param>
    /// <param name="ct">The request's.</param>
    /// <returns>The exact bytes; null when there are more than <paramref name="max"/>.</returns>
    public static async Task<RequestBody?> ReadAsync(HttpRequest request, int max, bool rent, CancellationToken ct)
    {
        if (request.ContentLength is not { } announced)
        {
            return await ReadUnannouncedAsync(request.Body, max, ct);
        }

        if (announced > max)
        {
            return null;
        }

        var length = (int)announced;
        var array = rent ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        var body = new RequestBody(array.AsMemory(0, length), rent ? array : null);
        try
        {
            await request.Body.ReadExactlyAsync(array.AsMemory(0, length), ct);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }

    private static async Task<RequestBody?> ReadUnannouncedAsync(Stream stream, int max, CancellationToken ct)
    {
        using var grown = new MemoryStream();
        var piece = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(piece, ct)) > 0;)
        {
            if (grown.Length + read > max)
            {
                return null;
            }

            await grown.WriteAsync(piece.AsMemory(0, read), ct);
        }

        return new RequestBody(grown.ToArray(), null);
    }
}
