using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Tests.Support;

/// <summary>Takes one request or answer through the formats and looks at what came out.</summary>
internal static class Passage
{
    public static readonly ClientTarget Client = new("m", "gen-1") { IncludeUsage = true, Created = 1_760_000_000, EstimatedInputTokens = 1 };

    /// <summary>A client's request to an upstream; null where the client's format cannot express the feature.</summary>
    public static Finding? OfRequest(Feature feature, IClientFormat client, ClientRequests requests, UpstreamCase upstream)
    {
        var foreign = upstream.Target.CanonicalModel.Contains("claude", StringComparison.Ordinal) ? WireProtocol.Gemini : WireProtocol.AnthropicMessages;
        var signer = feature.Forbidden is null ? upstream.Signer : foreign;
        if (requests.For(feature.Name, client.Protocol, signer) is not { } body)
        {
            return null;
        }

        if (client.Protocol == upstream.Format.Protocol)
        {
            // Bytes pass; the formats are not asked. Whose thinking it was does not matter then: the vendor sees its own client's history.
            return feature.Forbidden is null ? Finding.Carried : null;
        }

        if (client.ReadRequest(body) is { Value: null } unread)
        {
            return new Finding("refused", [], $"its reader refuses the request of this table: {unread.Error?.Message}");
        }

        var before = new DegradationLog();
        Write(client.ReadRequest(requests.Plain()).Value!, upstream, before, new ArrayBufferWriter<byte>());
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        if (Write(client.ReadRequest(body).Value!, upstream, log, output) is { } refusal)
        {
            return new Finding("refused", [], refusal.Status is >= 400 and < 500 ? null : $"it is refused with status {refusal.Status}");
        }

        return Look(feature, upstream.Format.Protocol, [.. log.Entries.Except(before.Entries)], output.WrittenMemory);
    }

    /// <summary>A neutral answer to a client.</summary>
    public static Finding OfAnswer(Feature feature, ConversationResponse answer, IClientFormat client)
    {
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        client.WriteResponse(answer, Client, log, output);
        return Look(feature, client.Protocol, log.Entries, output.WrittenMemory);
    }

    private static GatewayError? Write(ConversationRequest request, UpstreamCase upstream, DegradationLog log, ArrayBufferWriter<byte> output) =>
        upstream.Format.WriteRequest(ToolFolding.Fold(request with { Model = "m" }, upstream.Format.Protocol, log), upstream.Target, log, output);

    private static Finding Look(Feature feature, WireProtocol protocol, IReadOnlyList<Degradation> said, ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        return Finding.Of(
            said,
            JsonProbe.Finds(root, feature.ProbeFor(protocol)),
            JsonProbe.Finds(root, feature.Trace ?? JsonProbe.Always),
            JsonProbe.Finds(root, feature.Forbidden ?? JsonProbe.Never));
    }
}
