using Microsoft.AspNetCore.Http;
using Sluice.Upstreams;

namespace Sluice.Server.Media;

/// <summary>What a path asks of a job: OpenAI's <c>/v1/videos/ID[/content]</c> and EvoLink's <c>/v1/tasks/ID</c>.</summary>
/// <param name="Id">As the client got it.</param>
/// <param name="IsContent">What was made, not how it stands.</param>
internal readonly record struct JobPath(string Id, bool IsContent)
{
    private static readonly string[] Folders = ["/v1/videos/", "/videos/", "/v1/tasks/", "/tasks/"];
    private const string Content = "/content";

    /// <summary>Reads a path; null where it is about no job.</summary>
    /// <param name="normalised">By <c>PathRules.Normalise</c>.</param>
    public static JobPath? Of(string normalised)
    {
        foreach (var folder in Folders)
        {
            if (normalised.StartsWith(folder, StringComparison.Ordinal))
            {
                var id = normalised[folder.Length..];
                var isContent = id.EndsWith(Content, StringComparison.Ordinal);
                id = isContent ? id[..^Content.Length] : id;
                return id.Length == 0 || id.Contains('/') ? null : new JobPath(id, isContent);
            }
        }

        return null;
    }

    /// <summary>What a method asks; null where it may not be used here.</summary>
    public UpstreamOperation? Operation(string method) =>
        HttpMethods.IsGet(method) ? (IsContent ? UpstreamOperation.ReadJobContent : UpstreamOperation.ReadJob)
        : HttpMethods.IsDelete(method) && !IsContent ? UpstreamOperation.DeleteJob
        : null;
}
