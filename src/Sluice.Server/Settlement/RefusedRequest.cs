using Microsoft.AspNetCore.Http;
using Sluice.Core.Identity;
using Sluice.Protocols.Native;
using Sluice.Server.Identity;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Settlement;

/// <summary>A request of a known caller that ended before it had a plan: all that its row can say.</summary>
/// <param name="Http">For the labels of its headers.</param>
/// <param name="Surface">How the client speaks.</param>
/// <param name="Caller">Who.</param>
/// <param name="Id">The <c>gen-…</c> id.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="Envelope">Null where the body was not read or is not of the format.</param>
internal sealed record RefusedRequest(HttpContext Http, Surface Surface, Caller Caller, string Id, DateTimeOffset StartedAt, Envelope? Envelope)
{
    /// <summary>What the headers say.</summary>
    public ClientFacts Facts => ClientFacts.Read(Http.Request, Caller, Envelope, Surface.Operation);
}
