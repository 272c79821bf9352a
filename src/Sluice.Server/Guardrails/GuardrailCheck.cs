using Sluice.Core.Admission;
using Sluice.Core.Configuration;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;
using Sluice.Server.Identity;
using Sluice.Server.Settlement;

namespace Sluice.Server.Guardrails;

/// <summary>Holds what a user said against the operator's guardrails.</summary>
internal static class GuardrailCheck
{
    private const string Remedy = "Take out what it is about, or ask the administrator.";

    /// <summary>The refusal; null where nothing is broken. It names the guardrails, and repeats nothing of the text.</summary>
    public static GatewayError? Refusal(ConfigSnapshot snapshot, RefusedRequest request, ClientFacts facts, Envelope envelope, ReadOnlySpan<byte> body)
    {
        if (snapshot.Guardrails.IsEmpty)
        {
            return null;
        }

        var caller = new CallerScopes(request.Caller.KeyId, request.Caller.User, request.Caller.Team, facts.Project, Model: null, IsFree: false);
        var broken = snapshot.Guardrails.Broken(caller, NewestUserText.Read(envelope, body));
        if (broken.Count == 0)
        {
            return null;
        }

        var names = string.Join(", ", broken.Select(name => $"'{name}'"));
        return new GatewayError(ErrorKind.Permission, ErrorSource.Gateway, ErrorStatus.Of(ErrorKind.Permission), $"Request blocked by guardrail {names}. {Remedy}")
        {
            Reason = "guardrail",
            Code = "guardrail",
            Remedy = Remedy,
            Guardrails = broken,
            ShouldRetry = false,
        };
    }
}
