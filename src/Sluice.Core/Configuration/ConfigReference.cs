using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Core.Configuration.Schema;

namespace Sluice.Core.Configuration;

/// <summary>The configuration file's contract, for people and for editors; made from the description that also checks the file.</summary>
public static class ConfigReference
{
    /// <summary>The reference page (<c>docs/configuration.md</c>).</summary>
    public static string Markdown()
    {
        var page = new StringBuilder("""
            # Configuration

            One YAML file, `sluice.yaml` of the working folder or `--config FILE`. Flags come before environment variables, those before
            the file, the file before defaults; only `auth.admin_key` of the file comes before `SLUICE_ADMIN_KEY`.

            `${NAME}` and `${NAME:-default}` in a value read the environment, `.env` of the working folder included; `${file:/path}` reads a
            file. `$${` is a literal `${`. Relative paths start at the file. Unknown keys are errors. A saved change is picked up within
            five seconds, a change of a `${file:}` target too; a file with errors leaves the last good configuration serving.
            `server` (but for `max_body`), `storage`, `ledger`, `reasoning` and a change to `auth.mode: open` count at start only: the running values stay,
            and a warning names them.

            A field marked **later** is checked, but nothing acts on it in this version; its use is a warning.

            Fields of `azure`, `bedrock` and `vertex` have the names that LiteLLM gives them, without the prefix (`aws_region_name` is `region`,
            `vertex_project` is `project`). A cloud's metadata address is asked only with `auth: machine`, or where a credential file names it.

            Azure serves the models of the catalogue that `deployments` names, Vertex Google's. Bedrock's and Vertex's further models (Claude among
            them) have names that the catalogue does not hold: list them under `models`, or ask for `provider/upstream-model`.

            | key | allowed | default | meaning |
            |---|---|---|---|

            """);
        foreach (var field in ConfigSchema.Root.Fields)
        {
            AddRows(page, "", field);
        }

        return page.ToString();
    }

    /// <summary>A JSON schema (draft 2020-12) for editors.</summary>
    public static string JsonSchema()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("$schema"u8, "https://json-schema.org/draft/2020-12/schema"u8);
            json.WriteString("title"u8, "Sluice configuration"u8);
            WriteShape(json, ConfigSchema.Root);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    private static void AddRows(StringBuilder page, string parent, Field field)
    {
        var (suffix, inner) = Unwrap(field.Shape);
        var key = $"{parent}{field.Name}{suffix}";
        var allowed = inner is RecordShape ? suffix.Length == 0 ? "a mapping" : "a list of mappings" : field.Shape.Allowed;
        var notes = (field.IsRequired ? " (required)" : "") + (field.IsNotBuilt ? " **later**" : "");
        page.Append("| `").Append(key).Append("` | ").Append(Cell(allowed)).Append(" | ").Append(Cell(field.Default)).Append(" | ").Append(Cell(field.Meaning)).Append(notes).Append(" |\n");
        foreach (var member in inner is RecordShape record ? record.Fields : [])
        {
            AddRows(page, key + ".", member);
        }
    }

    private static (string Suffix, Shape Inner) Unwrap(Shape shape) => shape is ListShape list ? ("[]", list.Item) : ("", shape);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    // A reference such as ${NAME} may stand for any scalar, so everything that is not text by itself is also allowed as one.
    private static void WriteShape(Utf8JsonWriter json, Shape shape)
    {
        switch (shape)
        {
            case RecordShape record:
                json.WriteString("type"u8, "object"u8);
                json.WriteBoolean("additionalProperties"u8, false);
                json.WriteStartObject("properties"u8);
                foreach (var field in record.Fields)
                {
                    json.WriteStartObject(field.Name);
                    json.WriteString("description"u8, field.Meaning);
                    WriteShape(json, field.Shape);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
                WriteRequired(json, record);
                break;
            case ListShape list:
                json.WriteString("type"u8, "array"u8);
                json.WriteStartObject("items"u8);
                WriteShape(json, list.Item);
                json.WriteEndObject();
                break;
            case MapShape map:
                json.WriteString("type"u8, "object"u8);
                json.WriteStartObject("additionalProperties"u8);
                WriteShape(json, map.Value);
                json.WriteEndObject();
                break;
            default:
                WriteScalar(json, shape);
                break;
        }
    }

    private static void WriteRequired(Utf8JsonWriter json, RecordShape record)
    {
        if (!record.Fields.Any(field => field.IsRequired))
        {
            return;
        }

        json.WriteStartArray("required"u8);
        foreach (var field in record.Fields.Where(field => field.IsRequired))
        {
            json.WriteStringValue(field.Name);
        }

        json.WriteEndArray();
    }

    private static void WriteScalar(Utf8JsonWriter json, Shape shape)
    {
        if (shape is DurationShape { TakesOff: true })
        {
            // YAML reads 0 as a number.
            json.WriteStartArray("type"u8);
            json.WriteStringValue("string"u8);
            json.WriteStringValue("integer"u8);
            json.WriteEndArray();
            return;
        }

        if (shape is TextShape or DurationShape or SizeShape or PercentShape or UrlShape)
        {
            json.WriteString("type"u8, "string"u8);
            return;
        }

        json.WriteStartArray("anyOf"u8);
        json.WriteStartObject();
        switch (shape)
        {
            case ChoiceShape choice:
                json.WriteStartArray("enum"u8);
                foreach (var word in choice.Words)
                {
                    json.WriteStringValue(word);
                }

                json.WriteEndArray();
                break;
            case IntegerShape range:
                json.WriteString("type"u8, "integer"u8);
                json.WriteNumber("minimum"u8, range.Min);
                if (range.Max != long.MaxValue)
                {
                    json.WriteNumber("maximum"u8, range.Max);
                }

                break;
            case BoolShape:
                json.WriteString("type"u8, "boolean"u8);
                break;
            default:
                json.WriteString("type"u8, "number"u8);
                json.WriteNumber("minimum"u8, 0);
                break;
        }

        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteString("type"u8, "string"u8);
        json.WriteString("pattern"u8, "\\$\\{"u8);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
