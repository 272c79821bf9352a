using System.Buffers;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.WebSearch;
using Sluice.Server.Surfaces;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Attempts;

/// <summary>
/// Writes what one candidate is sent: the client's own bytes with only the needed spans replaced where both speak the same, else a translation.
/// Always from the original body, so every further attempt starts from the same bytes.
/// </summary>
internal static class UpstreamBody
{
    private static readonly BodyEditOptions ForVendor = new();
    private static readonly BodyEditOptions ForVendorWithoutUsage = new() { AskForUsage = false };
    private static readonly BodyEditOptions ForGateway = new() { RemoveGatewayMembers = false };

    /// <summary>The wire that a candidate is spoken to with.</summary>
    public static WireProtocol WireOf(Candidate candidate, WireProtocol client) => ProviderKinds.WireOf(candidate, client);

    /// <summary>The pieces to send, or why this candidate cannot be asked.</summary>
    /// <param name="outputLimit">For a request that names none: the most output that can be paid for.</param>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Pieces, GatewayError? Refusal) Write(
        InferenceRequest request, Candidate candidate, WireProtocol wire, DegradationLog degradations, RefusedBetas refused, long? outputLimit = null)
    {
        var host = ProviderKinds.ClaudeHostOf(candidate, wire);
        var count = request.Surface.Operation == SurfaceOperation.CountTokens ? ProviderKinds.ClaudeCountOf(candidate, wire) : null;
        var additions = Additions.Of(request, candidate);
        if (wire != request.Surface.Format.Protocol || additions.Any)
        {
            return Translate(request, candidate, wire, host, count, additions, degradations, refused, outputLimit);
        }

        var body = request.Text;
        if (request.Surface.Operation.IsMedia())
        {
            return ([.. BodyEdits.ForModel(request.Envelope, body.Span, candidate.Endpoint.UpstreamModel, EditsFor(candidate.Provider, tier: null)).Pieces(body)], null);
        }

        var tier = TierToAsk.Of(request.Envelope, candidate, WireFormats.Upstream(wire), degradations);
        var edits = host is { } hosted
            ? HostedClaudeEdits.For(body.Span, hosted, Betas.Of(request.Http.Request.Headers).Except(request.WithoutBetas), degradations, request.Envelope.GatewayMembers, count)
            : BodyEdits.ForModel(request.Envelope, body.Span, Additions.ModelOf(request, candidate), EditsFor(candidate.Provider, tier));
        edits = edits.And(ForeignProofs(request, candidate, wire, degradations)).And(ReasoningReplays.Edits(request, candidate)).And(EndUser(request, candidate, wire, degradations, refused));
        if (outputLimit is { } most)
        {
            edits = edits.And(WireFormats.Of(wire).LimitOutput(body.Span, most, candidate.Endpoint.UpstreamModel, candidate.Provider.Dialect));
        }

        if (request.Surface.Operation == SurfaceOperation.EmbedBatch)
        {
            edits = edits.And(WireFormats.Of(wire).NameInBatch(body.Span, request.Envelope.Model!, candidate.Endpoint.UpstreamModel));
        }

        IReadOnlyList<ReadOnlyMemory<byte>> pieces = [.. edits.Pieces(body)];
        return (count?.Enclose(pieces) ?? pieces, StrictRefusal(request, candidate, degradations));
    }

    private static (IReadOnlyList<ReadOnlyMemory<byte>> Pieces, GatewayError? Refusal) Translate(
        InferenceRequest request, Candidate candidate, WireProtocol wire, ClaudeHost? host, HostedClaudeCount? count, Additions additions, DegradationLog degradations, RefusedBetas refused, long? outputLimit)
    {
        var counts = request.Surface.Operation == SurfaceOperation.CountTokens;
        request.Conversation ??= counts ? request.Surface.Format.ReadCountRequest(request.Text) : request.Surface.Format.ReadRequest(request.Text);
        if (request.Conversation.Value.Error is { } error)
        {
            return ([], new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400, error.Message) { Param = error.Param });
        }

        // The same as the scan has them, also where the path says it.
        var conversation = request.Conversation.Value.Value! with { Model = request.Envelope.Model!, Stream = request.Envelope.Stream };
        conversation = outputLimit is null ? conversation : conversation with { MaxOutputTokens = Math.Min(conversation.MaxOutputTokens ?? long.MaxValue, outputLimit.Value) };
        if (request.WithoutThinking)
        {
            conversation = ProofRemoval.From(conversation);
            TellOfProofs(degradations);
        }
        else
        {
            conversation = ReasoningReplays.Restore(conversation, request);
        }

        if (request.WithoutSearch || (!refused.IsEmpty && !request.Facts.Strict && refused.Contains(candidate.Provider.Name, Mending.WebSearch)))
        {
            conversation = WebSearchRemoval.From(conversation, wire, degradations);
        }

        conversation = ToolFolding.Fold(additions.To(WithoutGatewayMembers(conversation, request, wire, additions), wire, degradations), wire, degradations);

        var target = new UpstreamTarget(Additions.ModelOf(request, candidate), candidate.Provider.Dialect, candidate.Endpoint.Model.Traits)
        {
            CanonicalModel = candidate.Endpoint.Model.Id,
            CountsAtTop = ProviderKinds.CountsAtTop(candidate.Provider),
            ServiceTier = TierToAsk.Of(request.Envelope, candidate, WireFormats.Upstream(wire), degradations),
        };
        var output = new ArrayBufferWriter<byte>(request.Text.Length + 1024);
        var format = WireFormats.Upstream(wire);
        var refusal = counts && format is ITokenCountFormat counting
            ? counting.WriteCountRequest(conversation, target, degradations, output)
            : format.WriteRequest(conversation, target, degradations, output);
        refusal ??= StrictRefusal(request, candidate, degradations);
        if (host is not { } hosted || refusal is not null)
        {
            return ([output.WrittenMemory], refusal);
        }

        IReadOnlyList<ReadOnlyMemory<byte>> pieces = [.. HostedClaudeEdits.For(output.WrittenSpan, hosted, ClaudeBetas.Needed(hosted, conversation), degradations, count: count).Pieces(output.WrittenMemory)];
        return (count?.Enclose(pieces) ?? pieces, null);
    }

    // Written anew in its own format, a request would bring along what no vendor takes; in another's, what Sluice itself does would be told as lost.
    private static ConversationRequest WithoutGatewayMembers(ConversationRequest conversation, InferenceRequest request, WireProtocol wire, Additions additions)
    {
        var format = request.Surface.Format;
        return wire != format.Protocol ? conversation with { Extras = [.. conversation.Extras.Where(extra => !GatewayMembers.IsHeeded(extra))] }
            : additions.Any ? conversation with { Extras = [.. conversation.Extras.Where(extra => !format.GatewayMembers.Contains(extra.Name))] }
            : conversation;
    }

    private static GatewayError? StrictRefusal(InferenceRequest request, Candidate candidate, DegradationLog degradations) =>
        request.Facts.Strict && degradations.Entries.Count > 0
            ? new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, 400,
                $"x-sluice-strict is set, and {candidate.Endpoint.Id} cannot carry everything: "
                + string.Join(' ', degradations.Entries.Select(e => $"{e.Feature}: {e.Why}")))
            : null;

    // A conversation that was elsewhere brings proofs along that this provider cannot have made; it would refuse the whole of it.
    private static IReadOnlyList<BodyEdit> ForeignProofs(InferenceRequest request, Candidate candidate, WireProtocol wire, DegradationLog degradations)
    {
        if (!(request.WithoutThinking || request.Envelope.HasForeignProofs))
        {
            return [];
        }

        var cuts = WireFormats.Of(wire).CutProofs(request.Text.Span, candidate.Endpoint.UpstreamModel, all: request.WithoutThinking);
        if (cuts.Count > 0)
        {
            TellOfProofs(degradations);
        }

        return cuts;
    }

    // Anthropic itself takes the JSON that agents write there; who does not is known by having refused it.
    private static IReadOnlyList<BodyEdit> EndUser(InferenceRequest request, Candidate candidate, WireProtocol wire, DegradationLog degradations, RefusedBetas refused)
    {
        if (wire != WireProtocol.AnthropicMessages
            || !(request.WithHashedUser || (!refused.IsEmpty && !request.Facts.Strict && refused.Contains(candidate.Provider.Name, Mending.EndUser))))
        {
            return [];
        }

        var edits = EndUserEdits.Of(request.Text.Span);
        if (edits.Count > 0)
        {
            EndUserId.Tell(degradations);
        }

        return edits;
    }

    private static void TellOfProofs(DegradationLog degradations) =>
        degradations.Add("thinking", DegradationOutcome.Dropped, "The conversation holds thinking that this provider did not sign, or what another provider found.");

    // A gateway reads the members that steer one; nobody else knows them.
    private static BodyEditOptions EditsFor(ProviderSettings provider, string? tier)
    {
        var edits = ProviderKinds.IsGateway(provider) ? ForGateway : provider.Dialect.TakesStreamOptions ? ForVendor : ForVendorWithoutUsage;
        return tier is null ? edits : edits with { ServiceTier = tier };
    }
}
