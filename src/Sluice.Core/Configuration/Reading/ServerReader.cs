namespace Sluice.Core.Configuration.Reading;

/// <summary>What listens and where data lies: flag before environment before file before default.</summary>
internal sealed class ServerReader(ConfigSources sources, string fileFolder, Findings findings)
{
    private const string StorageAllowed = "allowed: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE";

    public ServerSettings Read(ConfigValue root)
    {
        var section = root["server"];
        var defaults = new ServerSettings();
        if (section?["max_body"] is { } largest && section.Get<long?>("max_body") > LargestBody)
        {
            findings.Error(largest, "allowed: at most 1GiB");
        }

        var data = Path.GetFullPath(sources.DataFolder ?? Set("SLUICE_DATA") ?? "data", sources.BaseDirectory);
        return new ServerSettings
        {
            Urls = Urls(section?["urls"], defaults),
            MaxBody = section?.Get<long?>("max_body") ?? defaults.MaxBody,
            MaxBuffered = section?.Get<long?>("max_buffered"),
            DataFolder = data,
            Storage = Storage(root["storage"], data),
            SyncLedger = root["ledger"]?.Get<string>("durability") == "power",
        };
    }

    private string? Set(string variable) => sources.Environment.GetValueOrDefault(variable) is { Length: > 0 } value ? value : null;

    private IReadOnlyList<string> Urls(ConfigValue? written, ServerSettings defaults)
    {
        if (sources.Urls is { Count: > 0 } flag)
        {
            return Checked(flag, url => findings.Error("command line", "--urls", $"\"{url}\"", UrlAllowed));
        }

        if (Set("SLUICE_URLS") is { } variable)
        {
            return Checked(variable.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries), url => findings.Error("environment", "SLUICE_URLS", $"\"{url}\"", UrlAllowed));
        }

        if (written is null || written.Items.Count == 0)
        {
            return defaults.Urls;
        }

        foreach (var item in written.Items.Where(item => !IsListenable((string)item.Scalar!)))
        {
            findings.Error(item, UrlAllowed);
        }

        return written.Texts();
    }

    // A body is held whole in one array, whose length is an int; no model's window comes near it.
    private const long LargestBody = 1L << 30;
    private const string UrlAllowed = "allowed: http://ADDRESS:PORT, such as http://127.0.0.1:8787 (TLS belongs to a proxy before Sluice)";

    private static IReadOnlyList<string> Checked(IReadOnlyList<string> urls, Action<string> refuse)
    {
        foreach (var url in urls.Where(url => !IsListenable(url)))
        {
            refuse(url);
        }

        return urls;
    }

    // "*" and "+" stand for all addresses, which no URL parser knows.
    private static bool IsListenable(string url) =>
        Uri.TryCreate(url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var parsed)
        && parsed.Scheme == Uri.UriSchemeHttp && parsed.PathAndQuery == "/" && parsed.UserInfo.Length == 0;

    private string Storage(ConfigValue? written, string data)
    {
        if (sources.Storage is { Length: > 0 } flag)
        {
            return Store(flag, sources.BaseDirectory, () => findings.Error("command line", "--storage", Scheme(flag), StorageAllowed));
        }

        if (Set("SLUICE_STORAGE") is { } variable)
        {
            return Store(variable, sources.BaseDirectory, () => findings.Error("environment", "SLUICE_STORAGE", Scheme(variable), StorageAllowed));
        }

        return written?.Scalar is string { Length: > 0 } text
            ? Store(text, fileFolder, () => findings.Error(written with { Shown = Scheme(text) }, StorageAllowed))
            : $"sqlite:{Path.Combine(data, "sluice.db")}";
    }

    private static string Store(string text, string folder, Action refuse)
    {
        if (IsPostgres(text))
        {
            return text;
        }

        if (text.StartsWith("sqlite:", StringComparison.Ordinal) && text.Length > "sqlite:".Length)
        {
            return $"sqlite:{Path.GetFullPath(text["sqlite:".Length..], folder)}";
        }

        refuse();
        return text;
    }

    private static bool IsPostgres(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "postgres" or "postgresql" && address.Host.Length > 0 && address.AbsolutePath.Trim('/').Length > 0;

    // Behind the scheme there may be a password.
    private static string Scheme(string text) =>
        text.IndexOf(':', StringComparison.Ordinal) is > 0 and < 16 and var colon ? $"{text[..colon]}:…" : "(secret)";
}
