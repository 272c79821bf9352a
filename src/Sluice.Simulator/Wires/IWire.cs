using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Caching;
using Sluice.Simulator.Limits;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires;

internal enum WireCall
{
    Generate,
    CountTokens,
    Models,

    /// <summary>Vectors of texts: nothing is generated, so no output is counted.</summary>
    Embed,
}

/// <summary>What method, path and query say of a request.</summary>
/// <param name="Call">What is asked for.</param>
/// <param name="Model">The model, where the path names it; null where the body does.</param>
/// <param name="Stream">Whether a stream is asked for, where the path says so; null where the body does.</param>
internal sealed record WireRoute(WireCall Call, string? Model = null, bool? Stream = null);

/// <summary>A refusal that the request earned.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Variant">Which of several errors of that status; null for the usual one.</param>
/// <param name="Message">The vendor's wording; null for the usual one.</param>
internal sealed record WireRefusal(int Status, string? Variant = null, string? Message = null)
{
    /// <summary>Seconds until another try may succeed; null says nothing of it.</summary>
    public long? RetryAfter { get; init; }

    /// <summary>Tokens of a prompt that is too long, for the vendor's own wording.</summary>
    public int Tokens { get; init; } = 210_000;

    /// <summary>Tokens that would have been allowed.</summary>
    public int MostTokens { get; init; } = 200_000;

    /// <summary>OpenAI's <c>code</c> where it is not the usual one of the status.</summary>
    public string? Code { get; init; }

    /// <summary>OpenAI's <c>param</c>.</summary>
    public string? Param { get; init; }
}

/// <summary>One wire format, without state. A further one is a folder with its implementation and a line in <see cref="WireTable"/>; one that streams in two framings is two instances.</summary>
internal interface IWire
{
    /// <summary>How its streams look on the wire.</summary>
    StreamShape Shape => StreamShape.Sse;

    /// <summary>What this request is in this format; null when it is none of this format's.</summary>
    WireRoute? Match(HttpRequest request);

    /// <summary>The key that the client shows; null when it shows none.</summary>
    string? Credential(HttpRequest request);

    /// <summary>The refusal of a request at the door, whatever keys are accepted: vendors whose edge wants a signature before it reads anything.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">Its body, which a signature covers.</param>
    /// <param name="secrets">What signatures are checked with, by the key's id.</param>
    WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets) => null;

    /// <summary>The refusal of a key that is not accepted.</summary>
    /// <param name="request">The request.</param>
    /// <param name="shown">A key was shown at all.</param>
    WireRefusal BadCredential(HttpRequest request, bool shown) => new(401);

    /// <summary>Reads the request, or says why the vendor would not.</summary>
    (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures);

    /// <summary>The prompt as a chain of prefixes, for cache and token count.</summary>
    PrefixChain Prefixes(JsonElement body);

    IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage);

    byte[] Document(Prompt prompt, Answer answer, UsageShape usage);

    byte[] CountTokens(int tokens) => throw new NotSupportedException("This format counts no tokens, and Match never says so.");

    byte[] Models(IReadOnlyList<string> ids) => throw new NotSupportedException("This format lists no models, and Match never says so.");

    byte[] Error(WireRefusal error);

    /// <summary>Headers that come with an error.</summary>
    IEnumerable<KeyValuePair<string, string>> ErrorHeaders(WireRefusal error) =>
        error.RetryAfter is { } wait ? [new("retry-after", wait.ToString(System.Globalization.CultureInfo.InvariantCulture))] : [];

    /// <summary>The same error inside a stream that began with 200.</summary>
    /// <param name="error">The error.</param>
    /// <param name="sent">Events that went before it.</param>
    Frame ErrorFrame(WireRefusal error, int sent);

    /// <summary>What the vendor sends to keep a silent stream open.</summary>
    Frame Ping();

    /// <summary>Vendor headers of any answer: request id, and rate limits where there are some.</summary>
    IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits);
}

internal static class WireReplies
{
    /// <summary>The whole answer that refuses.</summary>
    public static Reply Refused(this IWire wire, WireRefusal error) => Reply.Json(wire.Error(error), error.Status) with { Headers = [.. wire.ErrorHeaders(error)] };
}
