using System.Globalization;
using System.Text.Json;

namespace Sluice.Commands.Setup;

/// <summary>The client keys of setups at a running Sluice: which one a settings file holds already, a new one, and taking back those that were made.</summary>
internal sealed class SetupKeys(AdminClient client)
{
    private const string Ours = "sk-sluice-";

    /// <summary>The key in the settings where this Sluice still takes it; null where a new one is needed.</summary>
    /// <param name="present">What the settings hold now.</param>
    /// <param name="user">Whose it must be; null is anybody's.</param>
    /// <param name="project">Whose project it must be of; null is any.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<ChosenKey?> ReuseAsync(string? present, string? user, string? project, CancellationToken cancellation)
    {
        // A provider's own key must not be tried anywhere but at that provider.
        if (present is null || !present.StartsWith(Ours, StringComparison.Ordinal))
        {
            return null;
        }

        foreach (var key in await ListAsync(cancellation))
        {
            if (IsValid(key) && present.StartsWith(Output.Text(key, "prefix"), StringComparison.Ordinal))
            {
                var isWanted = (user is null || Output.Text(key, "user") == user) && (project is null || Output.Text(key, "project") == project);
                return isWanted && await client.AcceptsAsync(present, cancellation) ? new ChosenKey(present, Output.Text(key, "id"), Made: false) : null;
            }
        }

        return null;
    }

    /// <summary>Makes a key.</summary>
    public async Task<ChosenKey> MakeAsync(string user, string? project, string name, CancellationToken cancellation)
    {
        var answer = await client.SendAsync(
            HttpMethod.Post,
            "/keys",
            json =>
            {
                json.WriteStartObject();
                json.WriteString("user"u8, user);
                json.WriteString("name"u8, name);
                if (project is not null)
                {
                    json.WriteString("project"u8, project);
                }

                json.WriteEndObject();
            },
            cancellation);
        return new ChosenKey(Output.Member(answer, "key").ToString(), Output.Member(answer, "id").ToString(), Made: true);
    }

    /// <summary>Revokes what setups made.</summary>
    /// <returns>The ids that are refused from now on, and the keys that could not be revoked, with the reason.</returns>
    public async Task<RevokedKeys> RevokeAsync(IReadOnlyList<SetupKey> made, CancellationToken cancellation)
    {
        if (made.Count == 0)
        {
            return new RevokedKeys([], [], null);
        }

        var revoked = new List<string>();
        try
        {
            var listed = await ListAsync(cancellation);
            foreach (var key in made)
            {
                if (listed.Any(entry => Output.Text(entry, "id") == key.Id))
                {
                    await client.SendAsync(HttpMethod.Delete, "/keys/" + Uri.EscapeDataString(key.Id), null, cancellation);
                    revoked.Add(key.Id);
                }
                else if (key.Url != client.Url.ToString())
                {
                    return Left(string.Create(CultureInfo.InvariantCulture, $"{client.Url} has no key {key.Id}; it was made at {key.Url}, so name that with --url."));
                }
            }

            return new RevokedKeys(revoked, [], null);
        }
        catch (CommandFailure failure)
        {
            return Left(failure.Message);
        }

        RevokedKeys Left(string why) => new(revoked, [.. made.Where(key => !revoked.Contains(key.Id, StringComparer.Ordinal))], why);
    }

    private async Task<IReadOnlyList<JsonElement>> ListAsync(CancellationToken cancellation) =>
        Output.List(await client.GetAsync("/keys", cancellation), "keys");

    private static bool IsValid(JsonElement key) => Output.Text(key, "state") == "valid";
}

/// <summary>The key that goes into the settings.</summary>
/// <param name="Secret">As clients send it.</param>
/// <param name="Id">Null where it was given on the command line.</param>
/// <param name="Made">By this setup, so that undoing it revokes it.</param>
internal sealed record ChosenKey(string Secret, string? Id, bool Made);

/// <summary>What became of the keys of an undone setup.</summary>
/// <param name="Revoked">Their ids.</param>
/// <param name="Left">Still valid.</param>
/// <param name="Why">Why some are left; null where none is.</param>
internal sealed record RevokedKeys(IReadOnlyList<string> Revoked, IReadOnlyList<SetupKey> Left, string? Why);
