using Sluice.Commands;
using Sluice.Core.Configuration;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>Which Sluice a command speaks to, and with which key.</summary>
public sealed class AdminClientOptionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Connect_WithDotEnv_TakesFlagBeforeEnvironmentBeforeFileBeforeDefault()
    {
        File.WriteAllText(_folder.PathOf(".env"), $"SLUICE_URL=http://127.0.0.1:1001\nexport SLUICE_ADMIN_KEY='key-of-the-file'\nSLUICE_DATA={_folder.PathOf("nothing")}\n");
        var file = ConfigFiles.DotEnvOf(_folder.Path);
        Dictionary<string, string> none = [];
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["SLUICE_URL"] = "http://127.0.0.1:1002" };

        Assert.Equal(("http://127.0.0.1:8787/", null), Connect(null, none, new Dictionary<string, string>(StringComparer.Ordinal) { ["SLUICE_DATA"] = _folder.PathOf("nothing") }));
        Assert.Equal(("http://127.0.0.1:1001/", "key-of-the-file"), Connect(null, none, file));
        Assert.Equal(("http://127.0.0.1:1002/", "key-of-the-file"), Connect(null, environment, file));
        Assert.Equal(("http://127.0.0.1:1003/", "key-of-the-file"), Connect("http://127.0.0.1:1003", environment, file));
    }

    [Fact]
    public void Connect_ToAnotherMachineThatDotEnvNames_IsNotGivenTheEnvironmentsKey()
    {
        Dictionary<string, string> file = new(StringComparer.Ordinal) { ["SLUICE_URL"] = "http://192.0.2.1:80" };
        Dictionary<string, string> environment = new(StringComparer.Ordinal) { ["SLUICE_ADMIN_KEY"] = "key-of-the-account" };

        var failure = Assert.Throws<CommandFailure>(() => Connect(null, environment, file));

        Assert.Contains("--url http://192.0.2.1/", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("key-of-the-account", failure.Message, StringComparison.Ordinal);
        Assert.Equal("key-of-the-account", Connect("http://192.0.2.1:80", environment, file).Key);
    }

    public void Dispose() => _folder.Dispose();

    private static (string Url, string? Key) Connect(string? url, Dictionary<string, string> environment, IReadOnlyDictionary<string, string> file)
    {
        using var client = AdminClientOptions.Connect(url, null, null, environment, file);
        return (client.Url.ToString(), client.AdminKey);
    }
}
