using System.CommandLine;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice models list|resolve|check</c></summary>
internal static class ModelsCommand
{
    public static Command Create(AdminClientOptions options) => new("models", "Models: what can be served, and what a name means.")
    {
        List(options),
        Resolve(options),
        Check(options),
    };

    private static Command List(AdminClientOptions options) => options.Attach(new Command("list", "Show what can be served now."), async (context, cancellation) =>
    {
        var answer = await context.Client.GetAsync("/models", cancellation);
        if (context.Json)
        {
            Output.Json(answer);
            return;
        }

        Output.Table(
            ["model", "by", "#input $/M", "#output $/M"],
            Output.List(answer, "models").SelectMany(model => Output.List(model, "endpoints").Select(endpoint => new[]
            {
                Output.Text(model, "id"), $"{Output.Text(endpoint, "provider")}/{Output.Text(endpoint, "model")}",
                Output.Text(endpoint, "input_usd_per_million"), Output.Text(endpoint, "output_usd_per_million"),
            })));
    });

    private static Command Resolve(AdminClientOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "A model name as a client would send it" };
        return options.Attach(new Command("resolve", "Say what a model name means here.") { name }, async (context, cancellation) =>
        {
            var answer = await AskAsync(context, context.Parsed.GetRequiredValue(name), cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                Output.Line(Describe(answer));
            }

            if (!IsKnown(answer))
            {
                throw new CommandFailure($"'{context.Parsed.GetRequiredValue(name)}' means no model here.");
            }
        });
    }

    private static Command Check(AdminClientOptions options)
    {
        var file = new Argument<string>("FILE") { Description = "Model names, one a line; # begins a remark; - is standard input" };
        return options.Attach(new Command("check", "Check every model name in a file; fails when one means nothing.") { file }, async (context, cancellation) =>
        {
            var answers = new List<JsonElement>();
            foreach (var name in await NamesAsync(context.Parsed.GetRequiredValue(file), cancellation))
            {
                answers.Add(await AskAsync(context, name, cancellation));
            }

            if (context.Json)
            {
                Output.Json(JsonSerializer.SerializeToElement(answers, CommandJson.Default.ListJsonElement));
            }
            else
            {
                answers.ForEach(answer => Output.Line(Describe(answer)));
            }

            var unknown = answers.Count(answer => !IsKnown(answer));
            if (unknown > 0)
            {
                throw new CommandFailure($"{unknown} of {answers.Count} names cannot be served here.");
            }
        });
    }

    private static Task<JsonElement> AskAsync(CommandContext context, string name, CancellationToken cancellation) =>
        context.Client.GetAsync("/models/resolve?name=" + Uri.EscapeDataString(name), cancellation);

    private static bool IsKnown(JsonElement answer) => Output.Member(answer, "id").ValueKind == JsonValueKind.String && Output.List(answer, "endpoints").Count > 0;

    private static string Describe(JsonElement answer)
    {
        var name = Output.Text(answer, "name");
        if (Output.Member(answer, "id").ValueKind != JsonValueKind.String)
        {
            return Output.List(answer, "suggestions").Count == 0 ? $"{name}: unknown" : $"{name}: unknown; did you mean {Output.Text(answer, "suggestions")}?";
        }

        var endpoints = Output.List(answer, "endpoints").Select(endpoint => $"{Output.Text(endpoint, "provider")}/{Output.Text(endpoint, "model")}").ToList();
        return $"{name}: {Output.Text(answer, "id")} ({Output.Text(answer, "how")}), " + (endpoints.Count == 0 ? "but no provider serves it" : "by " + string.Join(", ", endpoints));
    }

    private static async Task<List<string>> NamesAsync(string file, CancellationToken cancellation)
    {
        try
        {
            var text = file == "-" ? await Console.In.ReadToEndAsync(cancellation) : await File.ReadAllTextAsync(file, cancellation);
            return [.. text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#'))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {e.Message}", 2);
        }
    }
}
