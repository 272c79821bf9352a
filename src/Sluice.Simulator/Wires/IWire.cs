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
}

/// <summary>A refusal that the request earned.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Variant">Which of several errors of that status; null for the usual one.</param>
/// <param name="Message">The vendor's wording; null for the usual one.</param>
internal sealed record WireRefusal(int Status, string? Variant = null, string? Message = null);

/// <summary>One wire format, without state. A further one is a folder with its implementation and a line in <see cref="WireTable"/>.</summary>
internal interface IWire
{
    /// <summary>What this request is in this format; null when it is none of this format's.</summary>
    WireCall? Match(HttpRequest request);

    /// <summary>The key that the client shows; null when it shows none.</summary>
    string? Credential(IHeaderDictionary headers);

    /// <summary>Reads the request, or says why the vendor would not.</summary>
    (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireCall call, ThinkingSignature signatures);

    /// <summary>The prompt as a chain of prefixes, for cache and token count.</summary>
    PrefixChain Prefixes(JsonElement body);

    IReadOnlyList<Frame> Stream(Prompt prompt, Answer answer, UsageShape usage);

    byte[] Document(Prompt prompt, Answer answer, UsageShape usage);

    byte[] CountTokens(int tokens);

    byte[] Models(IReadOnlyList<string> ids);

    byte[] Error(WireRefusal error);

    /// <summary>The same error inside a stream that began with 200.</summary>
    Frame ErrorFrame(WireRefusal error);

    /// <summary>What the vendor sends to keep a silent stream open.</summary>
    Frame Ping();

    /// <summary>Vendor headers of any answer: request id, and rate limits where there are some.</summary>
    IEnumerable<KeyValuePair<string, string>> Headers(string id, RateLimitState? limits);
}
