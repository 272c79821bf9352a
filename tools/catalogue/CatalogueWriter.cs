using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Core.Catalogue;

namespace Sluice.Catalogue;

/// <summary>Writes the catalogue with one model a line, so that a change of one price is a change of one line.</summary>
internal static class CatalogueWriter
{
    public static void Write(string path, CatalogueFile file)
    {
        var context = new CatalogueJson(new JsonSerializerOptions(CatalogueJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var text = new StringBuilder("{\"version\":").Append(JsonSerializer.Serialize(file.Version, context.String)).Append(",\"models\":[\n");
        text.AppendJoin(",\n", file.Models.Select(model => JsonSerializer.Serialize(model, context.CatalogueEntry)));
        File.WriteAllText(path, text.Append("\n]}\n").ToString());
    }
}
