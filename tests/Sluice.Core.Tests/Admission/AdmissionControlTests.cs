using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Sluice.Core.Configuration;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission;

/// <summary>Which limits count for whom: the file's, the store's, and none.</summary>
public sealed class AdmissionControlTests
{
    private static readonly CallerScopes Dev = new("key-1", "dev", "core", "web", "acme/coder", IsFree: false);
    private readonly AdmissionControl _control = new(new ManualTimeProvider());

    [Fact]
    public void WithoutLimits_ItIsOff()
    {
        _control.Reload(Load("providers: [{ name: p, kind: openai, api_keys: [k] }]"));
        Assert.False(_control.IsOn);
        Assert.Null(_control.WayOf(Dev));
        Assert.Null(_control.WayTo("p"));
    }

    [Fact]
    public void E10_LimitsOfProvidersAndModels_LimitThoseAlone()
    {
        _control.Reload(Load("providers: [{ name: p, kind: openai, api_keys: [k], limits: { rpm: 5, concurrency: 2 } }, { name: q, kind: openai, api_keys: [l] }]"));
        Assert.NotNull(_control.WayTo("p"));
        Assert.Null(_control.WayTo("q"));
        Assert.Equal(new LimitSet { RequestsPerMinute = 5, Concurrency = 2 }, _control.ReadProvider("p")!.Limits);

        _control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Model, "acme/coder")] = new() { RequestsPerMinute = 1 } });
        Assert.NotNull(Enter(Dev));
        Assert.Null(Enter(Dev));
        Assert.Null(_control.WayOf(Dev with { Model = "acme/other" }));
    }

    [Fact]
    public void DefaultOfKeys_CountsForEachKeyByItself_UnlessItHasItsOwn()
    {
        _control.Reload(Load("limits: { default_key: { rpm: 1 } }"));
        _control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Key, "key-2")] = new() { RequestsPerMinute = 2 } });
        Assert.NotNull(Enter(Dev));
        Assert.Null(Enter(Dev));
        Assert.NotNull(Enter(Dev with { Key = "key-2" }));
        Assert.NotNull(Enter(Dev with { Key = "key-2" }));
        Assert.Null(Enter(Dev with { Key = "key-2" }));
        Assert.NotNull(Enter(Dev with { Key = "key-3" }));
    }

    [Fact]
    public void E11_FreeModels_AreLimitedForEachUser_ByTheMinuteAndTheDay()
    {
        _control.Reload(Load("limits: { free: { rpm: 20, rpd: 50 } }"));
        var free = Dev with { IsFree = true };
        Assert.Null(_control.WayOf(Dev));
        for (var i = 0; i < 20; i++)
        {
            Assert.NotNull(Enter(free));
        }

        Assert.Null(Enter(free));
        Assert.NotNull(Enter(free with { User = "other", Key = "key-9" }));
    }

    [Fact]
    public void E9_ALimitOfTheOrganization_IsSharedByAllKeys()
    {
        _control.Replace(new Dictionary<LimitScope, LimitSet> { [new(ScopeKind.Organization, "")] = new() { RequestsPerMinute = 1 } });
        Assert.NotNull(Enter(Dev with { Key = "key-7", User = "other", Team = null }));
        _control.Gate.TryEnter(_control.WayOf(Dev)!, default, new Flow("dev", null, false), out var lack);
        Assert.Equal("organization", lack!.Scope.ToString());
        Assert.True(lack.Scope.IsShared);
    }

    [Fact]
    public void E17_AChangedLimit_CountsAtOnce_AndWhatIsUsedStaysUsed()
    {
        var scope = new LimitScope(ScopeKind.User, "dev");
        _control.Replace(new Dictionary<LimitScope, LimitSet> { [scope] = new() { RequestsPerMinute = 2 } });
        Assert.NotNull(Enter(Dev));
        Assert.NotNull(Enter(Dev));
        Assert.Null(Enter(Dev));
        _control.Replace(new Dictionary<LimitScope, LimitSet> { [scope] = new() { RequestsPerMinute = 3 } });
        Assert.NotNull(Enter(Dev));
        Assert.Null(Enter(Dev));
        _control.Replace(new Dictionary<LimitScope, LimitSet>());
        Assert.False(_control.IsOn);
    }

    [Theory]
    [InlineData("key:key-1", ScopeKind.Key, "key-1")]
    [InlineData("model:acme/coder-1", ScopeKind.Model, "acme/coder-1")]
    [InlineData("organization", ScopeKind.Organization, "")]
    public void Scope_IsReadAsItIsWritten(string text, ScopeKind kind, string name)
    {
        Assert.True(LimitScope.TryParse(text, out var scope));
        Assert.Equal(new LimitScope(kind, name), scope);
        Assert.Equal(text, scope.ToString());
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("key:")]
    [InlineData("provider:p")]
    [InlineData("free:dev")]
    [InlineData("")]
    public void Scope_ThatPeopleDoNotManage_IsNone(string text) => Assert.False(LimitScope.TryParse(text, out _));

    [Fact]
    public void ExpectedOutput_IsWhatAnswersUsuallyAre_NeverMoreThanAskedFor()
    {
        var output = new ExpectedOutput();
        Assert.Equal(ExpectedOutput.Unknown, output.Of("m", 32_000));
        for (var i = 0; i < 100; i++)
        {
            output.Learn("m", 300);
        }

        Assert.InRange(output.Of("m", 32_000), 300, 310);
        Assert.Equal(100, output.Of("m", 100));
        output.Learn("m", 3_000);
        Assert.True(output.Of("m", null) > 1_000);
    }

    private Permit? Enter(CallerScopes caller) => _control.Gate.TryEnter(_control.WayOf(caller)!, default, new Flow(caller.User, null, false), out _);

    private static ConfigSnapshot Load(string yaml)
    {
        var result = ConfigLoader.Load(new ConfigSources { FileText = yaml, FilePath = "/etc/sluice.yaml", BaseDirectory = "/etc" });
        Assert.Empty(result.Errors);
        return result.Snapshot!;
    }
}
