using Sluice.Protocols.Formats;

namespace Sluice.Upstreams.Kinds;

/// <summary>Where images, sound and video are asked for behind a base URL of OpenAI's kind.</summary>
internal static class MediaPaths
{
    /// <summary>What has an address here.</summary>
    public const Products All = Products.Images | Products.Speech | Products.Transcripts | Products.Videos;

    /// <summary>OpenAI's own addresses, which Azure, LiteLLM and OpenRouter (but for images) share.</summary>
    public static string Of(in CallTarget target) => target.Operation switch
    {
        UpstreamOperation.MakeImage => "/images/generations",
        UpstreamOperation.EditImage => "/images/edits",
        UpstreamOperation.Speak => "/audio/speech",
        UpstreamOperation.Transcribe => "/audio/transcriptions",
        UpstreamOperation.TranslateSpeech => "/audio/translations",
        UpstreamOperation.MakeVideo => "/videos",
        UpstreamOperation.ReadJob or UpstreamOperation.DeleteJob => "/videos/" + Job(target),
        UpstreamOperation.ReadJobContent => $"/videos/{Job(target)}/content",
        _ => throw new ArgumentOutOfRangeException(nameof(target), target.Operation, "No operation of media."),
    };

    /// <summary>EvoLink's: whatever takes long is a task, images too.</summary>
    public static string OfEvoLink(in CallTarget target) => target.Operation switch
    {
        UpstreamOperation.MakeVideo => "/videos/generations",
        UpstreamOperation.ReadJob or UpstreamOperation.DeleteJob => "/tasks/" + Job(target),
        UpstreamOperation.ReadJobContent => $"/tasks/{Job(target)}/content",
        _ => Of(target),
    };

    /// <summary>The operation is about a video or its job.</summary>
    public static bool IsOfVideo(UpstreamOperation operation) =>
        operation is UpstreamOperation.MakeVideo or UpstreamOperation.ReadJob or UpstreamOperation.ReadJobContent or UpstreamOperation.DeleteJob;

    private static string Job(in CallTarget target) => BasePath.Segment(target.JobId ?? throw new ArgumentException("A job's operation without its id.", nameof(target)));
}
