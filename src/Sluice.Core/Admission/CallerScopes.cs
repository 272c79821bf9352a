using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>Whom a request is counted for.</summary>
/// <param name="Key">The key's id.</param>
/// <param name="User">The developer.</param>
/// <param name="Team">Null without a team.</param>
/// <param name="Project">What the money is spent on, as the request or else its key says.</param>
/// <param name="Model">Canonical id; null where the name means nothing.</param>
/// <param name="IsFree">The model costs nothing.</param>
public sealed record CallerScopes(string Key, string User, string? Team, string? Project, string? Model, bool IsFree)
{
    /// <summary>The scopes, from the narrowest.</summary>
    internal IEnumerable<LimitScope> All()
    {
        yield return new LimitScope(ScopeKind.Key, Key);
        if (IsFree)
        {
            yield return new LimitScope(ScopeKind.Free, User);
        }

        yield return new LimitScope(ScopeKind.User, User);
        if (Team is not null)
        {
            yield return new LimitScope(ScopeKind.Team, Team);
        }

        if (Project is not null)
        {
            yield return new LimitScope(ScopeKind.Project, Project);
        }

        if (Model is not null)
        {
            yield return new LimitScope(ScopeKind.Model, Model);
        }

        yield return new LimitScope(ScopeKind.Organization, "");
    }

    /// <summary>In whose name it waits. Who has no team or project stands for himself.</summary>
    public Flow FlowBy(ShareBy by, string? session, bool isBackground)
    {
        var owner = by switch
        {
            ShareBy.Key => Key,
            ShareBy.Team => Team is null ? "user:" + User : "team:" + Team,
            ShareBy.Project => Project is null ? "user:" + User : "project:" + Project,
            _ => User,
        };
        return new Flow(owner, session, isBackground);
    }
}
