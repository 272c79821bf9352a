using System.CommandLine;
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

    private AdminClient Connect(ParseResult parsed)
    {
        var data = First(parsed.GetValue(_data), Environment.GetEnvironmentVariable("SLUICE_DATA")) ?? "data";
        var url = First(parsed.GetValue(_url), Environment.GetEnvironmentVariable("SLUICE_URL"), ServeRecord.Read(data)?.Url) ?? DefaultUrl;
        if (!Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new CommandFailure($"'{url}' is no address. Write --url http://HOST:PORT.", 2);
        }

        var key = First(parsed.GetValue(_adminKey), Environment.GetEnvironmentVariable("SLUICE_ADMIN_KEY"), AdminKeyFile.Read(data));
        return new AdminClient(uri, key, Path.GetFullPath(data));
    }

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
