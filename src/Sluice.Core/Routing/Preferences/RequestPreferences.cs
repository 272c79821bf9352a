using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Preferences;

/// <summary>What the members of a request body that only a gateway reads ask of routing, the same in every client's format.</summary>
public static class RequestPreferences
{
    /// <summary>The most entries of <c>fallbacks</c>, as OpenRouter takes them.</summary>
    public const int MostFallbacks = 3;

    /// <summary>The most entries of <c>models</c>: as many as the scan of a body reads.</summary>
    public const int MostModels = 32;

    /// <summary>Reads <c>provider</c> and <c>route</c> and checks <c>models</c> and <c>fallbacks</c>; a 400 names the member at fault.</summary>
    /// <param name="envelope">The scan of <paramref name="body"/>.</param>
    /// <param name="body">The client's whole body.</param>
    public static PreferencesResult Read(Envelope envelope, ReadOnlySpan<byte> body)
    {
        var preferences = ProviderPreferences.None;
        var hasModels = false;
        var hasFallbacks = false;
        var members = envelope.GatewayMembers;
        for (var i = 0; i < members.Count; i++)
        {
            var value = body.Slice(members[i].Value.Start, members[i].Value.Length);
            if (value.SequenceEqual("null"u8))
            {
                continue;
            }

            var read = new PreferencesResult(preferences, null);
            switch (members[i].Name)
            {
                case "provider":
                    read = PreferencesReader.Read(value);
                    read = read with { Preferences = read.Preferences with { SortAcrossModels = read.Preferences.SortAcrossModels || preferences.SortAcrossModels } };
                    break;
                case "route":
                    read = Route(value, preferences);
                    break;
                case "models":
                    hasModels = true;
                    read = read with { Error = ModelList.Check("models", value, MostModels) };
                    break;
                case "fallbacks":
                    hasFallbacks = true;
                    read = read with { Error = ModelList.Check("fallbacks", value, MostFallbacks) };
                    break;
            }

            if (read.Error is not null)
            {
                return read;
            }

            preferences = read.Preferences;
        }

        return hasModels && hasFallbacks
            ? new PreferencesResult(preferences, PreferencesReader.Refusal("fallbacks", "`fallbacks` and `models` mean the same: send one of them."))
            : new PreferencesResult(IsNothing(preferences) ? ProviderPreferences.None : preferences, null);
    }

    // The older word for the partition of the sort.
    private static PreferencesResult Route(ReadOnlySpan<byte> value, ProviderPreferences preferences) =>
        value.SequenceEqual("\"sort\""u8) ? new(preferences with { SortAcrossModels = true }, null)
        : value.SequenceEqual("\"fallback\""u8) ? new(preferences, null)
        : new(preferences, PreferencesReader.Refusal("route", "`route` must be fallback or sort."));

    // {"allow_fallbacks":true} wants what everybody gets; lists are compared by reference, which is right for the empty ones.
    private static bool IsNothing(ProviderPreferences preferences) => preferences == ProviderPreferences.None;
}
