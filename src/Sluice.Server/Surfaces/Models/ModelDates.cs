using System.Text.Json;
using Sluice.Core.Catalogue;

namespace Sluice.Server.Surfaces.Models;

/// <summary>When a model came out, in a field that every shape wants and not every model has.</summary>
internal static class ModelDates
{
    /// <summary>Midnight UTC of its day; 1970 where nobody knows it.</summary>
    public static DateTimeOffset Of(Model model) =>
        new((model.Released ?? new DateOnly(1970, 1, 1)).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
}

/// <summary>Window and output limit, where they are known.</summary>
internal static class ModelLimits
{
    /// <summary>Adds <c>context_length</c> and <c>max_output_tokens</c>: no vendor's field, but many clients look for them.</summary>
    public static void Write(Utf8JsonWriter json, Model model)
    {
        if (model.Traits.ContextLength is { } context)
        {
            json.WriteNumber("context_length"u8, context);
        }

        if (model.Traits.MaxOutputTokens is { } output)
        {
            json.WriteNumber("max_output_tokens"u8, output);
        }
    }
}
