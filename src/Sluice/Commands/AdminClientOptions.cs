using System.CommandLine;
using Sluice.Core.Configuration;
using Sluice.Storage;
using Sluice.Storage.Identity;

namespace Sluice.Commands;

/// <summary>The options of every command that speaks to a running Sluice, and how they lead to one.</summary>
internal sealed class AdminClientOptions
{
    private const string DefaultUrl = "http://127.0.0.1:8787";

    private readonly Option<string?> _url = new("--url") { Description = "Where Sluice answers [SLUICE_URL; on the serving machine found by itself]" };
    private readonly Option<string?> _adminKey = new("--admin-key") { Description = "The admin key [SLUICE_ADMIN_KEY; on the serving machine found by itself]" };
    private readonly Option<string?> _data = new("--data") { Description = "The serving process's data folder [SLUICE_DATA, ./data]" };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON" };

    /// <summary>Gives a command these options and an action that has a client and says failures in one line.</summary>
    public Command Attach(Command command, Func<CommandContext, CancellationToken, Task> action)
    {
        command.Options.Add(_url);
        command.Options.Add(_adminKey);
        command.Options.Add(_data);
        command.Options.Add(_json);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                using var client = Connect(parsed);
                await action(new CommandContext(parsed, client, parsed.GetValue(_json)), cancellation);
                return 0;
            }
            catch (CommandFailure failure)
            {
                await Console.Error.WriteLineAsync("sluice: " + failure.Message);
                return failure.ExitCode;
            }
        });
        return command;
    }

    /// <summary>The running Sluice that is meant: flags, then the environment, then <c>.env</c>, then what the data folder says.</summary>
    /// <param name="url"><c>--url</c>.</param>
    /// <param name="adminKey"><c>--admin-key</c>.</param>
    /// <param name="data"><c>--data</c>.</param>
    /// <param name="environment">The process's own.</param>
    /// <param name="dotEnv">Of the working folder.</param>
    /// <exception cref="CommandFailure">The address is none, or must not be given the key.</exception>
    internal static AdminClient Connect(string? url, string? adminKey, string? data, IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> dotEnv)
    {
        var merged = DotEnv.MergeUnder(environment, dotEnv);
        var folder = First(data, merged.GetValueOrDefault("SLUICE_DATA")) ?? "data";
        var address = First(url, merged.GetValueOrDefault("SLUICE_URL"), ServeRecord.Read(folder)?.Url) ?? DefaultUrl;
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new CommandFailure($"'{address}' is no address. Write --url http://HOST:PORT.", 2);
        }

        var fromFile = First(url) is null && !environment.ContainsKey("SLUICE_URL") && dotEnv.ContainsKey("SLUICE_URL");
        if (fromFile && !uri.IsLoopback && First(adminKey) is null && First(environment.GetValueOrDefault("SLUICE_ADMIN_KEY")) is not null)
        {
            // A checkout's .env would otherwise send the account's own key wherever its author likes.
            throw new CommandFailure($"SLUICE_URL of .env names another machine ({uri}) and SLUICE_ADMIN_KEY comes from the environment. Say --url {uri} to send it there.", 2);
        }

        var key = First(adminKey, merged.GetValueOrDefault("SLUICE_ADMIN_KEY"), AdminKeyFile.Read(folder));
        return new AdminClient(uri, key, Path.GetFullPath(folder));
    }

    private AdminClient Connect(ParseResult parsed) =>
        Connect(parsed.GetValue(_url), parsed.GetValue(_adminKey), parsed.GetValue(_data), ProcessSources.Environment(), ProcessSources.DotEnv());

    private static string? First(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                return value.Trim();
            }
        }

        return null;
    }
}

/// <summary>What an action works with.</summary>
/// <param name="Parsed">The command line.</param>
/// <param name="Client">The running Sluice.</param>
/// <param name="Json">Print JSON to standard output and nothing else.</param>
internal sealed record CommandContext(ParseResult Parsed, AdminClient Client, bool Json);
