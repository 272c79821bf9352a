using System.Text;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Faults;

/// <summary>How far a failure reaches: what a cooldown and a lower rank apply to.</summary>
public enum FaultScope
{
    /// <summary>The request alone; no mark on anybody.</summary>
    Request,

    /// <summary>One credential for one model at one provider.</summary>
    Model,

    /// <summary>One credential, for every model.</summary>
    Credential,

    /// <summary>One model at one provider, whatever the credential.</summary>
    Endpoint,

    /// <summary>The provider's host: everything behind it.</summary>
    Provider,
}

/// <summary>
/// Reads from a fault how far it reaches. A rate limit is taken for one of the model unless it speaks of the account: vendors limit each model
/// by itself, most errors do not say so, and one model too many asked costs a refusal where one too many shut out costs its users five minutes.
/// </summary>
public static class FaultScopes
{
    // "Organization" is not among them: vendors name it in limits that hold for one model.
    private static readonly string[] AccountWords =
        ["your account", "the account", "this account", "api key", "your key", "key limit", "usage limit", "usage_limit", "free-models-per", "insufficient_quota", "current quota", "billing", "subscription", "your plan"];

    private static readonly string[] ModelWords = ["this model", "for model", "per model", "per_model", "model's", "models/"];

    /// <summary>How far the fault reaches.</summary>
    /// <param name="fault">Classified.</param>
    /// <param name="upstreamModel">The model's name as the provider knows it; looked for in what it said.</param>
    public static FaultScope Of(UpstreamFault fault, string upstreamModel)
    {
        if (!fault.CanFailOver || fault.Kind == ErrorKind.Cancelled)
        {
            return FaultScope.Request;
        }

        if (fault.CredentialIsDead)
        {
            // A refused permission may be about this one model; a refused key or an empty account is about everything.
            return fault.Kind == ErrorKind.Permission ? FaultScope.Model : FaultScope.Credential;
        }

        if (fault.Kind is ErrorKind.RateLimit or ErrorKind.QuotaExhausted)
        {
            return OfLimit(fault, upstreamModel);
        }

        // A connection that was never made says nothing about the model; one that was cut may be the answer's own.
        return fault is { Phase: FaultPhase.Connect, Kind: ErrorKind.Connection or ErrorKind.Timeout } ? FaultScope.Provider : FaultScope.Endpoint;
    }

    private static FaultScope OfLimit(UpstreamFault fault, string upstreamModel)
    {
        // Google's quota ids say it: GenerateRequestsPerDayPerProjectPerModel.
        var body = fault.Error.Body.IsEmpty ? "" : Encoding.UTF8.GetString(fault.Error.Body.Utf8.Span);
        if (Names(fault.Error.Message, upstreamModel) || Names(body, upstreamModel) || body.Contains("PerModel", StringComparison.Ordinal))
        {
            return FaultScope.Model;
        }

        if (ContainsAny(fault.Error.Message, AccountWords) || ContainsAny(body, AccountWords) || fault.Kind == ErrorKind.QuotaExhausted)
        {
            return ContainsAny(fault.Error.Message, ModelWords) ? FaultScope.Model : FaultScope.Credential;
        }

        return FaultScope.Model;
    }

    /// <summary>The whole name or its last part ("gpt-5" of "openai/gpt-5") stands there as a word of its own.</summary>
    private static bool Names(string text, string model)
    {
        if (text.Length == 0 || model.Length == 0)
        {
            return false;
        }

        var slash = model.LastIndexOf('/');
        return HasWord(text, model) || (slash >= 0 && slash < model.Length - 1 && HasWord(text, model[(slash + 1)..]));
    }

    private static bool HasWord(string text, string word)
    {
        for (var at = 0; (at = text.IndexOf(word, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsAsciiLetterOrDigit(text[end])))
            {
                return true;
            }
        }

        return false;
    }

    private static bool ContainsAny(string text, string[] words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
