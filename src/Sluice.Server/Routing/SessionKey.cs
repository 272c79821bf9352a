using System.Globalization;
using Sluice.Core.Affinity;
using Sluice.Protocols.Native;

namespace Sluice.Server.Routing;

/// <summary>How a request's conversation was recognised.</summary>
internal enum SessionSource
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>The client named it, in a header or in the body.</summary>
    Named,

    /// <summary>By an opening that is long enough to be cached.</summary>
    Opening,

    /// <summary>By an opening so short that strangers may share it: it counts once an answer told of a cache.</summary>
    ShortOpening,
}

/// <summary>The conversation of one request as affinity knows it: of one user, so that two who use the same name or words never meet.</summary>
/// <param name="Value">Null where there is none.</param>
/// <param name="Source">How it was recognised.</param>
internal readonly record struct SessionKey(string? Value, SessionSource Source)
{
    // What OpenAI and most Claude models cache at least.
    private const int CacheableTokens = 1024;
    private const int BytesPerToken = 4;

    /// <summary>The name that the client gave, else the conversation's opening.</summary>
    /// <param name="named">The named session, with its user; null without one.</param>
    /// <param name="user">Whose request.</param>
    /// <param name="envelope">What the scan found.</param>
    /// <param name="body">The same bytes.</param>
    public static SessionKey Of(string? named, string user, Envelope envelope, ReadOnlySpan<byte> body)
    {
        if (named is not null)
        {
            return new SessionKey(named, SessionSource.Named);
        }

        if (OpeningKey.Of(body, envelope) is not { } opening)
        {
            return default;
        }

        // No name begins with a line break, so none can be taken for an opening.
        var key = string.Create(CultureInfo.InvariantCulture, $"{user}\n\n{opening.Hash:x16}");
        var tokens = (opening.Bytes + envelope.ToolBytes) / BytesPerToken;
        return new SessionKey(key, tokens >= CacheableTokens ? SessionSource.Opening : SessionSource.ShortOpening);
    }

    /// <summary>The key that a plan is made with; null where every request may go anywhere.</summary>
    public string? ForPlan(IAffinity affinity) => Source == SessionSource.ShortOpening && !affinity.Knows(Value!) ? null : Value;

    /// <summary>An answer makes the place that gave it the session's home.</summary>
    public bool Settles(CacheUse use) => Source switch
    {
        SessionSource.Named or SessionSource.Opening => true,
        SessionSource.ShortOpening => use.CachedTokens > 0,
        _ => false,
    };
}
