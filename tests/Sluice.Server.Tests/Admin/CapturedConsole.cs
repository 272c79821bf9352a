namespace Sluice.Server.Tests.Admin;

/// <summary>What a command prints. For tests in the collection of <see cref="CommandTests"/> alone: there is one console.</summary>
internal static class CapturedConsole
{
    public static async Task<(int Code, string Output, string Error)> RunAsync(Func<Task<int>> command)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var (oldOutput, oldError) = (Console.Out, Console.Error);
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            return (await command(), output.ToString(), error.ToString());
        }
        finally
        {
            Console.SetOut(oldOutput);
            Console.SetError(oldError);
        }
    }
}
