using Sluice.Core.Routing;
using Sluice.Protocols;

namespace Sluice.Upstreams;

/// <summary>What is asked of an upstream.</summary>
public enum UpstreamOperation
{
    /// <summary>An answer.</summary>
    Generate,

    /// <summary>The prompt's size.</summary>
    CountTokens,

    /// <summary>Vectors of texts.</summary>
    Embed,

    /// <summary>Vectors of several texts, where the wire has a method of its own for that (Gemini).</summary>
    EmbedBatch,

    /// <summary>Nothing that costs: a GET, to find out whether the provider can be reached.</summary>
    Check,
    /// <summary>Images of a text.</summary>
    MakeImage,

    /// <summary>Images of other images and a text.</summary>
    EditImage,

    /// <summary>A text, spoken.</summary>
    Speak,

    /// <summary>A sound's text.</summary>
    Transcribe,

    /// <summary>A sound's text in English.</summary>
    TranslateSpeech,

    /// <summary>A video, as a job.</summary>
    MakeVideo,

    /// <summary>How a job stands.</summary>
    ReadJob,

    /// <summary>What a job has made.</summary>
    ReadJobContent,

    /// <summary>A job is wanted no more.</summary>
    DeleteJob,
}

/// <summary>One call of one candidate.</summary>
public sealed record UpstreamCall
{
    /// <summary>Whom to call, with which credential.</summary>
    public required Candidate Candidate { get; init; }

    /// <summary>The wire spoken to the upstream.</summary>
    public required WireProtocol Protocol { get; init; }

    /// <summary>What is asked.</summary>
    public required UpstreamOperation Operation { get; init; }

    /// <summary>The answer is wanted as a stream. Some wires say so in the path, beside what the body says.</summary>
    public bool Stream { get; init; }

    /// <summary>The upstream's own id of the job that is asked for; null for all other operations.</summary>
    public string? JobId { get; init; }

    /// <summary>The client's query, with or without its question mark; only native calls send it on, without <c>key</c>, and only to kinds that take one.</summary>
    public string? Query { get; init; }

    /// <summary>The client's headers, one entry for each value, in their order; <see cref="ForwardedHeaders"/> decides what of them goes on.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ClientHeaders { get; init; } = [];

    /// <summary>The body in pieces, sent one after the other. The memory must stay as it is until the reply is disposed (<see cref="UpstreamAnswer.DisposeAsync"/>) or a fault came.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Body { get; init; }

    /// <summary>The client speaks the upstream's wire: its headers and query go on. Otherwise only what the wire names.</summary>
    public bool Native { get; init; }

    /// <summary>How the operation is asked for.</summary>
    internal HttpMethod Method => Operation switch
    {
        UpstreamOperation.Check or UpstreamOperation.ReadJob or UpstreamOperation.ReadJobContent => HttpMethod.Get,
        UpstreamOperation.DeleteJob => HttpMethod.Delete,
        _ => HttpMethod.Post,
    };
}

/// <summary>An answer or a fault; exactly one of them is set.</summary>
/// <param name="Answer">The upstream sent a status; whether it is a good one is for the reader of its body.</param>
/// <param name="Fault">It did not, or what it sent cannot be read.</param>
public readonly record struct UpstreamReply(UpstreamAnswer? Answer, Core.Faults.UpstreamFault? Fault);
