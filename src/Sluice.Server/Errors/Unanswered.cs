using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>How a request ended that got no answer and no error of its own: what its row in the ledger says.</summary>
internal static class Unanswered
{
    /// <summary>nginx's number for a client that left; never sent, only written to the ledger.</summary>
    private const int ClientClosedRequest = 499;

    /// <summary>The client went away after its request was read.</summary>
    public static GatewayError ClientGone => new(ErrorKind.Cancelled, ErrorSource.Client, ClientClosedRequest, "The client went away.");

    /// <summary>The client went away before all of its request was there.</summary>
    public static GatewayError ClientLeftWhileSending => new(ErrorKind.Cancelled, ErrorSource.Client, ClientClosedRequest, "The client went away while it was still sending its request; nobody was asked.")
    {
        Remedy = "Nothing to do: nothing was charged.",
    };

    /// <summary>A fault of Sluice's own. The same that the client is told, where it still can be told.</summary>
    public static GatewayError Fault(string requestId) =>
        new(ErrorKind.Internal, ErrorSource.Gateway, StatusCodes.Status500InternalServerError, $"Sluice failed on this request. It is logged under {requestId}: please report it.");
}
