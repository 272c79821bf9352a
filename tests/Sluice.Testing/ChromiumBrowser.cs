namespace Sluice.Testing;

/// <summary>The browser that <c>./test</c> installs where it may, or that is there already.</summary>
public static class ChromiumBrowser
{
    // The first is all that tests need; any of them does.
    private static readonly string[] Programs = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

    /// <summary>The program; null where there is none.</summary>
    public static string? Program { get; } = Programs
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Why <c>./test</c> could not install it; null where it did not try, or did.</summary>
    public static string? WhyNotInstalled
    {
        get
        {
            var note = Path.Combine(ClientsCache.Folder, "why-no-browser");
            return File.Exists(note) ? File.ReadAllText(note).Trim() : ClientsCache.Offline ? "SLUICE_TEST_OFFLINE=1 and there is no Chromium." : null;
        }
    }
}
