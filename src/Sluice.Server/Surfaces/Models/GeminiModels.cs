using System.Globalization;
using System.Text.Json;
using Sluice.Core.Catalogue;

namespace Sluice.Server.Surfaces.Models;

/// <summary>Gemini: <c>{"models":[{"name":"models/…",…}],"nextPageToken":…}</c>.</summary>
internal sealed class GeminiModels : IModelShape
{
    /// <inheritdoc/>
    public void WritePage(Utf8JsonWriter json, ModelPage page)
    {
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        foreach (var model in page.Models)
        {
            WriteOne(json, model);
        }

        json.WriteEndArray();
        if (page.HasMore)
        {
            json.WriteString("nextPageToken"u8, page.NextFrom.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void WriteOne(Utf8JsonWriter json, Model model)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, "models/" + model.Id);
        json.WriteString("baseModelId"u8, model.Id);
        json.WriteString("version"u8, "001"u8);
        json.WriteString("displayName"u8, model.Name);
        json.WriteString("description"u8, model.Name);
        if (model.Traits.ContextLength is { } context)
        {
            json.WriteNumber("inputTokenLimit"u8, context);
        }

        if (model.Traits.MaxOutputTokens is { } output)
        {
            json.WriteNumber("outputTokenLimit"u8, output);
        }

        json.WriteStartArray("supportedGenerationMethods"u8);
        json.WriteStringValue("generateContent"u8);
        json.WriteStringValue("countTokens"u8);
        json.WriteEndArray();
        if (model.Traits.Reasoning == true)
        {
            json.WriteBoolean("thinking"u8, true);
        }

        json.WriteEndObject();
    }
}
