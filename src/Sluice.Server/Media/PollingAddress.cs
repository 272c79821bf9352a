using Microsoft.AspNetCore.Http;

namespace Sluice.Server.Media;

/// <summary>Where a client asks for a job: here, never at the provider, whose address would take its key and go past the ledger.</summary>
internal static class PollingAddress
{
    /// <summary>The address of a job as the client of <paramref name="request"/> reaches it.</summary>
    public static string Of(HttpRequest request, string id) => $"{request.Scheme}://{request.Host}/api/v1/videos/{id}";
}
