using System.CommandLine;

namespace Sluice.Commands;

/// <summary><c>sluice users|teams|projects list|create</c>; without a word behind it, the list.</summary>
internal static class IdentitiesCommand
{
    public static Command Create(AdminClientOptions options, string plural, string word, string description)
    {
        var command = options.Attach(new Command(plural, description), ListAsync);
        command.Add(options.Attach(new Command("list", $"Show all {plural}."), ListAsync));

        var name = new Argument<string>("NAME") { Description = $"The {word}'s name" };
        command.Add(options.Attach(new Command("create", $"Add a {word}.") { name }, async (context, cancellation) =>
        {
            var answer = await context.Client.SendAsync(
                HttpMethod.Post,
                "/" + plural,
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("name"u8, context.Parsed.GetRequiredValue(name));
                    json.WriteEndObject();
                },
                cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else
            {
                Output.Line($"The {word} {Output.Text(answer, "name")} is there now.");
            }
        }));
        return command;

        async Task ListAsync(CommandContext context, CancellationToken cancellation)
        {
            var answer = await context.Client.GetAsync("/" + plural, cancellation);
            if (context.Json)
            {
                Output.Json(answer);
                return;
            }

            Output.Table(["name", "since"], Output.List(answer, "items").Select(item => new[] { Output.Text(item, "name"), Output.Time(item, "created_at") }));
        }
    }
}
