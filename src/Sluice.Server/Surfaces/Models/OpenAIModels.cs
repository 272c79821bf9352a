using System.Globalization;
using System.Text.Json;
using Sluice.Core.Catalogue;
using Sluice.Core.Pricing;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Surfaces.Models;

/// <summary>
/// OpenAI's list and OpenRouter's in one, since both are <c>{"data":[…]}</c> and neither minds the other's members; clients that read prices
/// and capabilities find them whatever base URL they were given.
/// </summary>
/// <param name="forCodex">Codex reads <c>models</c> with a <c>slug</c> each instead of <c>data</c>.</param>
internal sealed class OpenAIModels(bool forCodex) : IModelShape
{
    private static readonly string[] Always = ["max_tokens", "max_completion_tokens", "stop"];
    private static readonly string[] WithSampling = ["temperature", "top_p", "frequency_penalty", "presence_penalty", "seed"];
    private static readonly string[] WithTools = ["tools", "tool_choice", "parallel_tool_calls"];
    private static readonly string[] WithReasoning = ["reasoning", "include_reasoning", "reasoning_effort"];
    private static readonly string[] WithShape = ["response_format", "structured_outputs"];

    private static readonly (Products Product, string Word)[] Modalities =
        [(Products.Text, "text"), (Products.Transcripts, "text"), (Products.Images, "image"), (Products.Speech, "audio"), (Products.Videos, "video"), (Products.Vectors, "embeddings")];

    /// <inheritdoc/>
    public void WritePage(Utf8JsonWriter json, ModelPage page)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var model in page.Models)
        {
            WriteOne(json, model);
        }

        json.WriteEndArray();
        json.WriteNumber("total_count"u8, page.Total);
        json.WriteStartObject("links"u8);
        json.WriteString("next"u8, page.HasMore ? string.Create(CultureInfo.InvariantCulture, $"/api/v1/models?offset={page.NextFrom}&limit={page.Models.Count}{page.Filters}") : null);
        json.WriteEndObject();
        if (forCodex)
        {
            WriteForCodex(json, page.Models);
        }

        json.WriteEndObject();
    }

    /// <inheritdoc/>
    public void WriteOne(Utf8JsonWriter json, Model model)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, model.Id);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, ModelDates.Of(model).ToUnixTimeSeconds());
        json.WriteString("owned_by"u8, model.Id.Split('/', 2)[0]);
        json.WriteString("canonical_slug"u8, model.Id);
        json.WriteString("name"u8, model.Name);
        if (model.Ends is { } end)
        {
            json.WriteString("expiration_date"u8, end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        }

        ModelLimits.Write(json, model);
        if (model.Traits.ContextLength is null)
        {
            // OpenRouter's SDK refuses the whole list for one model without it.
            json.WriteNull("context_length"u8);
        }

        WriteArchitecture(json, model);
        WritePricing(json, model.ListPrice);
        json.WriteStartObject("top_provider"u8);
        WriteNumber(json, "context_length"u8, model.Traits.ContextLength);
        WriteNumber(json, "max_completion_tokens"u8, model.Traits.MaxOutputTokens);
        json.WriteBoolean("is_moderated"u8, false);
        json.WriteEndObject();
        json.WriteNull("per_request_limits"u8);
        WriteWords(json, "supported_parameters"u8, Parameters(model));
        json.WriteNull("default_parameters"u8);
        json.WriteNull("supported_voices"u8);
        json.WriteStartObject("links"u8);
        json.WriteString("details"u8, $"/api/v1/models/{model.Id}/endpoints");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteForCodex(Utf8JsonWriter json, IReadOnlyList<Model> models)
    {
        json.WriteStartArray("models"u8);
        foreach (var model in models.Where(ModelsApi.Writes))
        {
            json.WriteStartObject();
            json.WriteString("slug"u8, model.Id);
            json.WriteString("display_name"u8, model.Name);
            WriteNumber(json, "context_window"u8, model.Traits.ContextLength);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What the model reads, in OpenRouter's words.</summary>
    internal static IReadOnlyList<string> InputModalities(Model model)
    {
        List<string> input = ["text"];
        if (model.Traits.Images == true)
        {
            input.Add("image");
        }

        if (model.Traits.Documents == true)
        {
            input.Add("file");
        }

        if (model.Traits.Audio == true)
        {
            input.Add("audio");
        }

        return input;
    }

    /// <summary>What the model makes, in OpenRouter's words; text where nobody knows.</summary>
    internal static IReadOnlyList<string> OutputModalities(Model model)
    {
        var makes = model.Traits.Makes ?? Products.Text;
        List<string> output = [];
        foreach (var (product, word) in Modalities)
        {
            if ((makes & product) != Products.None && !output.Contains(word))
            {
                output.Add(word);
            }
        }

        return output;
    }

    private static void WriteArchitecture(Utf8JsonWriter json, Model model)
    {
        var input = InputModalities(model);
        json.WriteStartObject("architecture"u8);
        var output = OutputModalities(model);
        json.WriteString("modality"u8, $"{string.Join('+', input)}->{string.Join('+', output)}");
        WriteWords(json, "input_modalities"u8, input);
        WriteWords(json, "output_modalities"u8, output);
        json.WriteString("tokenizer"u8, "Other"u8);
        json.WriteNull("instruct_type"u8);
        json.WriteEndObject();
    }

    // OpenRouter's unit: USD for one token, as text. "-1" is its word for a price that is not fixed: its SDK refuses a list without these two, and
    // "0" would say that they are free. Other prices that are not known are left out.
    private static void WritePricing(Utf8JsonWriter json, PriceSheet? price)
    {
        json.WriteStartObject("pricing"u8);
        json.WriteString("prompt"u8, PerToken(price?.Input) ?? "-1");
        json.WriteString("completion"u8, PerToken(price?.Output) ?? "-1");
        WritePrice(json, "input_cache_read"u8, price?.CacheRead);
        WritePrice(json, "input_cache_write"u8, price?.CacheWrite5m);
        WritePrice(json, "input_cache_write_1h"u8, price?.CacheWrite1h);
        WritePrice(json, "audio"u8, price?.AudioInput);
        WritePrice(json, "audio_output"u8, price?.AudioOutput);
        WritePrice(json, "image_output"u8, price?.Media?.ImageOutput);
        if (price?.WebSearch is { } search)
        {
            json.WriteString("web_search"u8, search.ToString("0.##############", CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }

    private static void WritePrice(Utf8JsonWriter json, ReadOnlySpan<byte> name, decimal? perMillion)
    {
        if (PerToken(perMillion) is { } price)
        {
            json.WriteString(name, price);
        }
    }

    private static string? PerToken(decimal? perMillion) => (perMillion / 1_000_000m)?.ToString("0.##############", CultureInfo.InvariantCulture);

    /// <summary>Request parameters that the model takes, in OpenRouter's words.</summary>
    internal static IReadOnlyList<string> Parameters(Model model) =>
    [
        .. Always,
        .. model.Traits.Sampling == false ? [] : WithSampling,
        .. model.Traits.Tools == false ? [] : WithTools,
        .. model.Traits.Reasoning == true ? WithReasoning : [],
        .. model.Traits.StructuredOutput == true ? WithShape : [],
    ];

    private static void WriteWords(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string> words)
    {
        json.WriteStartArray(name);
        foreach (var word in words)
        {
            json.WriteStringValue(word);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
