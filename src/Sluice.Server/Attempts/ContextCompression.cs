using System.Globalization;
using Sluice.Core.Routing;
using Sluice.Core.Tokens;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Shortening;
using Sluice.Server.Ingress;
using Sluice.Server.Routing;

namespace Sluice.Server.Attempts;

/// <summary>When a request's conversation is shortened.</summary>
internal enum Shortens
{
    /// <summary>Never: agents compact by the provider's own words.</summary>
    Never,

    /// <summary>When it overflowed and nobody left in the plan has a larger window (<c>degrade.context</c>).</summary>
    AfterOverflow,

    /// <summary>Before a model is asked whose window it does not fit, and after an overflow: the request asks for it.</summary>
    Asked,
}

/// <summary>What every further attempt writes from, in the place of the client's body.</summary>
/// <param name="Body">The shorter one.</param>
/// <param name="Dropped">Turns that are not in it.</param>
/// <param name="Turns">Turns that the client sent.</param>
/// <param name="Window">What it had to fit, in tokens.</param>
internal sealed record ShortenedBody(PooledBody Body, int Dropped, int Turns, long Window)
{
    /// <summary>Tells it as a degradation.</summary>
    public void Tell(DegradationLog degradations) => degradations.Add("context", DegradationOutcome.Dropped, string.Create(CultureInfo.InvariantCulture,
        $"{Dropped} of {Turns} turns, in the middle of the conversation, are left out to fit a window of {Window} tokens."));
}

/// <summary>
/// Fits a conversation into a model's window by leaving out its middle (<see cref="MiddleOut"/>). The client's own body is never changed: a shorter
/// one takes its place for the attempts that follow, whatever their format. With <c>x-sluice-strict</c> none is made.
/// </summary>
internal static class ContextCompression
{
    // The first is worked out from an estimate, the second from the provider's own count; a third would be guessing.
    private const int Most = 2;

    // Estimates miss by a few percent.
    private const double Margin = 0.95;

    /// <summary>Shortens what would not fit the candidate's window, where the request asks for that; and tells of what has been left out by now.</summary>
    public static void Before(InferenceRequest request, Candidate candidate, EstimateCorrection estimates, DegradationLog degradations)
    {
        if (request.Shortens == Shortens.Never)
        {
            return;
        }

        var said = request.Envelope.EstimatedInputTokens;
        var corrected = estimates.Correct(candidate.Endpoint.Model.Id, said);
        if (request.Shortens == Shortens.Asked && IsPossible(request) && candidate.Endpoint.ContextLength is { } window && corrected > Room(window, request))
        {
            TryShorten(request, window, (double)corrected / Math.Max(1, said));
        }

        if (request.ShorterBodies is [.., var shorter])
        {
            shorter.Tell(degradations);
        }
    }

    /// <summary>Shortens a conversation that the attempt's provider refused as too long. True when the same candidate is worth another try.</summary>
    public static bool After(InferenceRequest request, Attempt attempt)
    {
        if (attempt.Fault is not { Kind: ErrorKind.ContextLength } fault || request.Shortens == Shortens.Never || !IsPossible(request))
        {
            return false;
        }

        var said = Math.Max(1, request.Envelope.EstimatedInputTokens);
        var (sent, allowed) = fault.Error.ContextTokens ?? (said, attempt.Candidate.Endpoint.ContextLength ?? said * 3 / 4);
        if (sent <= allowed)
        {
            // What was asked for on top did not fit, or the provider counts otherwise than it says.
            allowed = sent * 3 / 4;
        }

        attempt.Mended = TryShorten(request, allowed, Math.Max(1, (double)sent / said));
        return attempt.Mended;
    }

    private static bool IsPossible(InferenceRequest request) =>
        request.Surface.Operation == SurfaceOperation.Generate && !request.Facts.Strict && !request.Envelope.ContinuesAnswer && request.ShorterBodies.Count < Most;

    // An output limit shares the window, but many clients ask for the most that any model gives.
    private static long Room(long window, InferenceRequest request) => Math.Max(window - (request.Envelope.MaxOutputTokens ?? 0), window / 2);

    private static bool TryShorten(InferenceRequest request, long window, double tokensPerEstimated)
    {
        var room = Room(window, request) * Margin;
        var text = request.Text;
        var turns = TurnList.Of(request.Surface.Format, text.Span);

        // A quarter of the window, at four bytes a token: so far the newest turns may grow before the next cut.
        var step = (int)Math.Clamp(window, 256, 1024 * 1024);
        foreach (var cut in MiddleOut.Cuts(turns, step))
        {
            if (Apply(request, cut, text) is not { } body)
            {
                return false;
            }

            if (EnvelopeScanner.Scan(request.Surface.Format.Protocol, body.Bytes).Envelope is { } scanned && scanned.EstimatedInputTokens * tokensPerEstimated <= room)
            {
                var before = request.ShorterBodies.Sum(shorter => shorter.Dropped);
                request.Shorten(new ShortenedBody(body, before + cut.Dropped, before + turns.Count, window), RoutingRequests.WithModel(request.Surface.Complete(scanned)));
                return true;
            }

            body.Dispose();
        }

        return false;
    }

    private static PooledBody? Apply(InferenceRequest request, MiddleCut cut, ReadOnlyMemory<byte> text)
    {
        var body = request.Body.TryRentBeside(text.Length);
        foreach (var piece in cut.Pieces(text))
        {
            if (body is not null && !body.TryAppend(piece.Span))
            {
                body.Dispose();
                return null;
            }
        }

        return body;
    }
}
