using System.Globalization;
using Sluice.Catalogue;

if (args.Length != 5 || !DateOnly.TryParse(args[4], CultureInfo.InvariantCulture, out var version))
{
    Console.Error.WriteLine("""
        Makes src/Sluice.Core/Catalogue/catalogue.json from public price lists.

        usage: dotnet run --project tools/catalogue -- OPENROUTER MODELS_DEV LITELLM OUTPUT DATE

        OPENROUTER   OpenRouter's model list (JSON)
        MODELS_DEV   the models.dev list (JSON)
        LITELLM      LiteLLM's price list (JSON)
        OUTPUT       file to write
        DATE         day of the newest list, yyyy-MM-dd

        Which list wins: OpenRouter's for what OpenRouter serves. For an author's own host models.dev, then LiteLLM for what it
        lacks (one-hour cache writes, sound, tiers, service tiers), then OpenRouter. Announced changes stand in Corrections.cs.
        Last days are OpenRouter's for itself, and LiteLLM's for an author's own host.
        """);
    return 2;
}

var builder = new CatalogueBuilder();
builder.AddOpenRouter(Lists.Read(args[0]));
builder.AddModelsDev(Lists.Read(args[1]));
var liteLlm = Lists.Read(args[2]);
builder.AddLiteLlm(liteLlm);
builder.AddMedia(MediaModels.Of(liteLlm));
var file = builder.Build(version);
CatalogueWriter.Write(args[3], file);
Console.WriteLine($"{file.Models.Count} models, {file.Models.Count(model => model.Price is null)} without a price");
return 0;
