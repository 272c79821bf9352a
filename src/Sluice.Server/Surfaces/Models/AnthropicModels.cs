using System.Globalization;
using System.Text.Json;
using Sluice.Core.Catalogue;

namespace Sluice.Server.Surfaces.Models;

/// <summary>Anthropic: <c>{"data":[{"type":"model","id":…,"display_name":…,"created_at":…}],"has_more":…,"first_id":…,"last_id":…}</c>.</summary>
internal sealed class AnthropicModels : IModelShape
{
    /// <inheritdoc/>
    public void WritePage(Utf8JsonWriter json, ModelPage page)
    {
        json.WriteStartObject();
        json.WriteStartArray("data"u8);
        foreach (var model in page.Models)
        {
            WriteOne(json, model);
        }

        json.WriteEndArray();
        json.WriteBoolean("has_more"u8, page.HasMore);
        json.WriteString("first_id"u8, page.Models.Count > 0 ? page.Models[0].Id : null);
        json.WriteString("last_id"u8, page.Models.Count > 0 ? page.Models[^1].Id : null);
        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void WriteOne(Utf8JsonWriter json, Model model)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, model.Id);
        json.WriteString("type"u8, "model"u8);
        json.WriteString("display_name"u8, model.Name);
        json.WriteString("created_at"u8, ModelDates.Of(model).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        ModelLimits.Write(json, model);
        json.WriteEndObject();
    }
}
