using System.CommandLine;
using System.Runtime.InteropServices;
using Sluice.Server.Hosting;

namespace Sluice.Commands;

/// <summary><c>sluice serve</c>: runs the gateway until it is told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "Configuration file; ./sluice.yaml where it exists." };
        var urls = new Option<string?>("--urls") { Description = "Addresses to listen on, separated by semicolons." };
        var storage = new Option<string?>("--storage") { Description = "Where the ledger, keys and settings live: sqlite:PATH or postgres://…" };
        var data = new Option<string?>("--data") { Description = "The data folder; ./data by default." };
        var command = new Command("serve", "Run the gateway.") { config, urls, storage, data };
        command.SetAction(async (parsed, _) => await RunAsync(
            parsed.GetValue(config), parsed.GetValue(urls), parsed.GetValue(storage), parsed.GetValue(data)));
        return command;
    }

    private static async Task<int> RunAsync(string? config, string? urls, string? storage, string? data)
    {
        try
        {
            await using var server = await SluiceServer.CreateAsync(new ServeOptions { Sources = () => ProcessSources.Read(config, urls, storage, data) });
            // The key is printed before anything listens, so that a script that waits for the port can read it; only an address whose port the
            // system chooses is not known yet.
            var addresses = server.Configuration.Server.Urls;
            var isKnown = !addresses.Any(address => address.EndsWith(":0", StringComparison.Ordinal));
            if (isKnown)
            {
                Announce(server.FirstKey, addresses[0]);
            }

            try
            {
                await server.StartAsync();
            }
            finally
            {
                // Also when it does not start: the key is made and no later start can show it.
                if (!isKnown)
                {
                    Announce(server.FirstKey, server.Urls is [var url, ..] ? url : addresses[0]);
                }
            }

            await Console.Error.WriteLineAsync($"Sluice listens on {string.Join(", ", server.Urls)}; its console is under /console.");

            // SIGINT and SIGTERM reach the host by itself; SIGHUP means "look at the file now".
            using var hangUp = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                server.ReloadNow();
            });
            await server.Stopping;
            await server.StopAsync();
            return 0;
        }
        catch (StartRefusedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return e.IsUsage ? 2 : 1;
        }
    }

    private static void Announce(string? firstKey, string url)
    {
        if (firstKey is { } key)
        {
            Console.WriteLine($"Your first API key, shown only now: {key}");
            Console.WriteLine("Point Claude Code at Sluice:");
            Console.WriteLine($"  export ANTHROPIC_BASE_URL={url}");
            Console.WriteLine($"  export ANTHROPIC_AUTH_TOKEN={key}");
        }
    }
}
