using System.Buffers;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Errors;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Errors;

namespace Sluice.Server.Ingress;

/// <summary>Reads a request body once, into pooled memory, within the size of one body and of all.</summary>
internal sealed class BodyReader(BodyBudget budget)
{
    // Most agents name the length. Where it is missing (chunked) this much is taken first.
    private const int UnknownLengthStart = 64 * 1024;

    /// <summary>What bounds all that is held.</summary>
    public BodyBudget Budget => budget;

    /// <summary>Reads the body, or says why not; <see cref="ErrorKind.Cancelled"/> where the client left before all of it was there. The caller owns the body.</summary>
    /// <param name="request">Not read yet.</param>
    /// <param name="takesForms">A form with files is as good as JSON here.</param>
    /// <param name="maxBody">Bytes.</param>
    /// <param name="cancellation">The client's own.</param>
    public async ValueTask<(PooledBody? Body, GatewayError? Error)> ReadAsync(HttpRequest request, bool takesForms, long maxBody, CancellationToken cancellation)
    {
        if (request.ContentLength > maxBody)
        {
            return (null, TooLarge(maxBody));
        }

        if (RefuseEncoding(request, takesForms) is { } refused)
        {
            return (null, refused);
        }

        var body = PooledBody.TryRent(budget, (int)(request.ContentLength ?? UnknownLengthStart));
        if (body is null)
        {
            return (null, NoRoom());
        }

        try
        {
            var reader = request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync(cancellation);
                var error = Append(body, read.Buffer, maxBody);
                reader.AdvanceTo(read.Buffer.End);
                if (error is not null)
                {
                    body.Dispose();
                    return (null, error);
                }

                if (read.IsCompleted)
                {
                    return (body, null);
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            var isCut = e.StatusCode == StatusCodes.Status400BadRequest && body.Length < request.ContentLength;
            body.Dispose();
            return (null, isCut ? Unanswered.ClientLeftWhileSending
                : e.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge(maxBody)
                : new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, "The request body could not be read: " + e.Message));
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // A reset is often seen here before the server says that the request was aborted.
            body.Dispose();
            return (null, Unanswered.ClientLeftWhileSending);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private GatewayError? Append(PooledBody body, ReadOnlySequence<byte> data, long maxBody)
    {
        if (body.Length + data.Length > maxBody)
        {
            return TooLarge(maxBody);
        }

        foreach (var segment in data)
        {
            if (!body.TryAppend(segment.Span))
            {
                return NoRoom();
            }
        }

        return null;
    }

    private static GatewayError? RefuseEncoding(HttpRequest request, bool takesForms)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length > 0 && encoding != "identity")
        {
            return new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400,
                "Request bodies must not be compressed. Send the JSON without Content-Encoding.") { Remedy = "Send the JSON without Content-Encoding." };
        }

        var type = request.ContentType;
        return type is null || type.Contains("json", StringComparison.OrdinalIgnoreCase) || (takesForms && FormScanner.IsForm(type))
            ? null
            : new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400,
                $"Content-Type must be application/json{(takesForms ? " or multipart/form-data" : "")}; it was " + (type.Length > 100 ? type[..100] : type) + ".");
    }

    private static GatewayError TooLarge(long maxBody) => new(ErrorKind.InvalidRequest, ErrorSource.Client, 413,
        $"The request is larger than {maxBody} bytes. Shorten it, or raise server.max_body.")
    {
        Limit = $"server.max_body = {maxBody}",
        Remedy = "Shorten it, or raise server.max_body.",
    };

    private GatewayError NoRoom() => new(ErrorKind.Overloaded, ErrorSource.Gateway, 503,
        $"Sluice holds {budget.Held} of {budget.Limit} bytes of request bodies and cannot take this one now. Try again in a moment, or raise server.max_buffered.")
    {
        RetryAfter = TimeSpan.FromSeconds(2),
        Remedy = "Try again in a moment, or raise server.max_buffered.",
        Limit = $"server.max_buffered = {budget.Limit}",
    };
}
