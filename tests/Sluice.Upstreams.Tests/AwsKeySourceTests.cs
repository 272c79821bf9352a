using Sluice.Core.Configuration;
using Sluice.Testing;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Tests;

/// <summary>Where AWS keys come from. Amazon's library reads this process's environment, so each test sets what it needs and nobody else reads it.</summary>
[Collection("AWS environment")]
public sealed class AwsKeySourceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Profile_OfAwssOwnFile_IsReadAndReadAgainLater()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "credentials");
        await File.WriteAllTextAsync(file, "[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = secret-of-work\naws_session_token = session-of-work\n", Token);
        using var environment = new Variable("AWS_SHARED_CREDENTIALS_FILE", file);

        var issued = await Source(new BedrockSettings { Region = "us-east-1", Profile = "work" }).IssueAsync(Token);

        Assert.Null(issued.Fault?.Error.Message);
        Assert.Equal(new AwsKeys("AKIDWORK", "secret-of-work", "session-of-work"), issued.Value);
        Assert.Equal(Now + TimeSpan.FromMinutes(20), issued.ExpiresAt);
    }

    [Fact]
    public async Task Profile_ThatNeedsWhatIsNotHere_IsAFaultAndNoException()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "credentials");
        await File.WriteAllTextAsync(file, "[base]\naws_access_key_id = A\naws_secret_access_key = hunter2-hunter2\n[role]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = base\n", Token);
        using var environment = new Variable("AWS_SHARED_CREDENTIALS_FILE", file);

        var issued = await Source(new BedrockSettings { Region = "us-east-1", Profile = "role" }).IssueAsync(Token);

        Assert.Null(issued.Value);
        Assert.Contains("the AWS profile role", issued.Fault!.Error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", issued.Fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machine_InAContainer_AsksForItsRole()
    {
        await using var metadata = RawServer.Answering(RawServer.Ok(
            """{"AccessKeyId":"ASIAROLE","SecretAccessKey":"secret-of-role","Token":"session-of-role","Expiration":"2099-01-01T00:00:00Z"}"""));
        using var environment = new Variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", new Uri(metadata.Url, "/role").AbsoluteUri);

        var issued = await Source(new BedrockSettings { Region = "us-east-1", Auth = CloudAuth.Machine }).IssueAsync(Token);

        Assert.Null(issued.Fault?.Error.Message);
        Assert.Equal(new AwsKeys("ASIAROLE", "secret-of-role", "session-of-role"), issued.Value);
        Assert.True(issued.ExpiresAt > Now);
        Assert.Equal("GET /role HTTP/1.1", Assert.Single(metadata.Seen).RequestLine);
    }

    [Fact]
    public async Task Keys_OfTheConfiguration_NeverEnd()
    {
        var issued = await Source(new BedrockSettings { Region = "us-east-1", AccessKeyId = "A", SecretAccessKey = "s" }).IssueAsync(Token);

        Assert.Equal((new AwsKeys("A", "s", null), DateTimeOffset.MaxValue), (issued.Value, issued.ExpiresAt));
        Assert.DoesNotContain("SecretAccessKey", issued.Value!.ToString(), StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static AwsKeySource Source(BedrockSettings settings) =>
        new("b", settings, new AuthContext(new ManualTimeProvider(Now), () => throw new InvalidOperationException("Amazon's library calls by itself.")));

    private sealed class Variable : IDisposable
    {
        private readonly string _name;
        private readonly string? _before;

        public Variable(string name, string value)
        {
            _name = name;
            _before = Environment.GetEnvironmentVariable(name);
            Environment.SetEnvironmentVariable(name, value);
        }

        public void Dispose() => Environment.SetEnvironmentVariable(_name, _before);
    }
}
