using System.Text;
using Sluice.Commands;
using Sluice.Commands.Setup;
using Xunit;

namespace Sluice.Server.Tests.Admin;

public sealed class SetupTests : IDisposable
{
    private const string Url = "http://127.0.0.1:8787";
    private const string Token = "sk-sluice-0123456789012345678901234567890123456789";

    private readonly string _home = Directory.CreateTempSubdirectory("sluice-home-").FullName;
    private readonly string _project = Directory.CreateTempSubdirectory("sluice-project-").FullName;

    private string Record => Path.Combine(_home, ".sluice", "setup", "record.json");

    private string Local => Path.Combine(_project, ".claude", "settings.local.json");

    public void Dispose()
    {
        Directory.Delete(_home, recursive: true);
        Directory.Delete(_project, recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\n}\n")]
    [InlineData("{\"permissions\":{\"allow\":[\"Bash(ls:*)\"],\"deny\":[]},\"unknown\":1e400}")]
    [InlineData("{\r\n\t\"env\": {\r\n\t\t\"A\": \"1\"\r\n\t},\r\n\t\"model\": \"opus\"\r\n}\r\n")]
    [InlineData("{\n  // mine\n  \"env\": {},\n}\n")]
    [InlineData("{\n    \"env\": {\n        \"ANTHROPIC_BASE_URL\": \"https://old\",\n        \"B\": \"2\"\n    }\n}")]
    [InlineData("\uFEFF{ \"env\": { \"ANTHROPIC_AUTH_TOKEN\": \"old\" }, \"x\": [1, 2] }")]
    public void Setup_OfSettingsThatAreThere_KeepsThemAndIsUndoneToTheByte(string before)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        var original = Encoding.UTF8.GetBytes(before);
        File.WriteAllBytes(Local, original);
        var setup = new ClaudeCodeSetup(_project, _home);

        SetupRecord.Apply(Record, setup.Plan(SetupScope.Local, Url, Token));

        var after = File.ReadAllBytes(Local);
        Assert.Equal(Url, SettingsText.Read(after, "env", "ANTHROPIC_BASE_URL"));
        Assert.Equal(Token, SettingsText.Read(after, "env", "ANTHROPIC_AUTH_TOKEN"));
        foreach (var line in before.Split('\n').Where(line => line.Contains("unknown", StringComparison.Ordinal) || line.Contains("\"model\"", StringComparison.Ordinal) || line.Contains("\"B\"", StringComparison.Ordinal) || line.Contains("mine", StringComparison.Ordinal)))
        {
            Assert.Contains(line.Trim().TrimEnd('}'), Encoding.UTF8.GetString(after), StringComparison.Ordinal);
        }

        Assert.Empty(setup.Plan(SetupScope.Local, Url, Token));
        SetupRecord.Undo(Record);
        Assert.Equal(original, File.ReadAllBytes(Local));
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public void Set_InAnIndentedFile_FollowsItsIndentation()
    {
        var after = SettingsText.Set("{\n    \"env\": {\n        \"A\": \"1\"\n    },\n    \"z\": 1\n}\n"u8.ToArray(), "env", [KeyValuePair.Create("B", "a \"quoted\" ü")]);

        Assert.Equal("{\n    \"env\": {\n        \"A\": \"1\",\n        \"B\": \"a \\\"quoted\\\" ü\"\n    },\n    \"z\": 1\n}\n", Encoding.UTF8.GetString(after));
    }

    [Fact]
    public void Set_WithoutTheObject_AddsItBehindTheLastMember()
    {
        var after = SettingsText.Set("{\n  \"model\": \"opus\"\n}\n"u8.ToArray(), "env", [KeyValuePair.Create("A", "1"), KeyValuePair.Create("B", "2")]);

        Assert.Equal("{\n  \"model\": \"opus\",\n  \"env\": {\n    \"A\": \"1\",\n    \"B\": \"2\"\n  }\n}\n", Encoding.UTF8.GetString(after));
    }

    [Fact]
    public void Project_Scope_PutsNoSecretIntoATrackedFile()
    {
        Directory.CreateDirectory(Path.Combine(_project, ".git"));
        var ignore = Path.Combine(_project, ".gitignore");
        File.WriteAllText(ignore, "bin/");
        var setup = new ClaudeCodeSetup(_project, _home);

        SetupRecord.Apply(Record, setup.Plan(SetupScope.Project, Url, Token));

        var tracked = File.ReadAllText(Path.Combine(_project, ".claude", "settings.json"));
        Assert.Contains(Url, tracked, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-", tracked, StringComparison.Ordinal);
        Assert.Contains(Token, File.ReadAllText(Local), StringComparison.Ordinal);
        Assert.Equal("bin/\n.claude/settings.local.json\n", File.ReadAllText(ignore));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Local));
        }

        SetupRecord.Undo(Record);
        Assert.Equal("bin/", File.ReadAllText(ignore));
        Assert.False(File.Exists(Local));
        Assert.False(File.Exists(Path.Combine(_project, ".claude", "settings.json")));
    }

    [Fact]
    public void Undo_OfTwoSetups_GoesBackToTheBeginning()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        File.WriteAllText(Local, "{}");
        var setup = new ClaudeCodeSetup(_project, _home);
        SetupRecord.Apply(Record, setup.Plan(SetupScope.Local, Url, Token));
        SetupRecord.Apply(Record, setup.Plan(SetupScope.Local, "http://127.0.0.1:9999", Token));

        SetupRecord.Undo(Record);

        Assert.Equal("{}", File.ReadAllText(Local));
    }

    [Fact]
    public void Undo_AfterSomebodyElsesChange_RefusesAndLosesNothing()
    {
        var setup = new ClaudeCodeSetup(_project, _home);
        SetupRecord.Apply(Record, setup.Plan(SetupScope.Local, Url, Token));
        File.AppendAllText(Local, " ");

        var failure = Assert.Throws<CommandFailure>(() => SetupRecord.Undo(Record));

        Assert.Contains("was changed since", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Local));
        Assert.True(File.Exists(Record));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"env\": []}")]
    [InlineData("{} x")]
    public void Plan_ForSettingsThatAreBroken_IsRefused(string before)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        File.WriteAllText(Local, before);

        var failure = Assert.Throws<CommandFailure>(() => new ClaudeCodeSetup(_project, _home).Plan(SetupScope.Local, Url, Token));

        Assert.Contains(Local, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_NamesTheFileThatWins()
    {
        Directory.CreateDirectory(Path.Combine(_home, ".claude"));
        File.WriteAllText(Path.Combine(_home, ".claude", "settings.json"), "{\"env\":{\"ANTHROPIC_BASE_URL\":\"https://global\",\"ANTHROPIC_AUTH_TOKEN\":\"sk-global-secret-0123456789\"}}");
        Directory.CreateDirectory(Path.GetDirectoryName(Local)!);
        File.WriteAllText(Local, "{\"env\":{\"ANTHROPIC_BASE_URL\":\"https://local\"}}");

        var settings = new ClaudeCodeSetup(_project, _home).Explain();

        Assert.Equal(new EffectiveSetting("ANTHROPIC_BASE_URL", "https://local", Local), settings[0]);
        Assert.Equal("sk-global-se…", settings[1].Value);
    }
}
