namespace Sluice.Core.Admission.Limits;

/// <summary>Of what kind the one is whose limit it is.</summary>
public enum ScopeKind
{
    /// <summary>One client key.</summary>
    Key,

    /// <summary>A developer, over all keys.</summary>
    User,

    /// <summary>Several developers together.</summary>
    Team,

    /// <summary>What the money is spent on.</summary>
    Project,

    /// <summary>One model, for all callers together.</summary>
    Model,

    /// <summary>All callers of this Sluice together.</summary>
    Organization,

    /// <summary>What one user may ask of free models; set by <c>limits.free</c> alone.</summary>
    Free,

    /// <summary>An upstream account; set by <c>providers[].limits</c> alone.</summary>
    Provider,
}

/// <summary>Whose limit: <c>key:key-1a2b</c>, <c>user:dev1</c>, <c>team:core</c>, <c>project:web</c>, <c>model:acme/coder-1</c>, <c>organization</c>.</summary>
/// <param name="Kind">Of what kind.</param>
/// <param name="Name">Within the kind; empty for the organization.</param>
public readonly record struct LimitScope(ScopeKind Kind, string Name)
{
    /// <summary>What <see cref="TryParse"/> takes, for error messages.</summary>
    public const string Allowed = "key:ID, user:NAME, team:NAME, project:NAME, model:ID or organization";

    private const int LongestName = 256;

    /// <summary>Reads a scope that people manage; those of the file (free, providers) are none.</summary>
    public static bool TryParse(string text, out LimitScope scope)
    {
        scope = default;
        if (text == "organization")
        {
            scope = new LimitScope(ScopeKind.Organization, "");
            return true;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? "" : text[(colon + 1)..].Trim();
        ScopeKind? kind = (colon < 0 ? "" : text[..colon]) switch
        {
            "key" => ScopeKind.Key,
            "user" => ScopeKind.User,
            "team" => ScopeKind.Team,
            "project" => ScopeKind.Project,
            "model" => ScopeKind.Model,
            _ => null,
        };
        if (kind is not { } known || name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            return false;
        }

        scope = new LimitScope(known, name);
        return true;
    }

    /// <summary>One for all, or one for each of several: only then does it make sense to ask whom else it serves.</summary>
    public bool IsShared => Kind is ScopeKind.Team or ScopeKind.Project or ScopeKind.Model or ScopeKind.Organization;

    /// <summary>The kind as one word.</summary>
    public string Word => Kind switch
    {
        ScopeKind.Key => "key",
        ScopeKind.User => "user",
        ScopeKind.Team => "team",
        ScopeKind.Project => "project",
        ScopeKind.Model => "model",
        ScopeKind.Organization => "organization",
        ScopeKind.Free => "free",
        ScopeKind.Provider => "provider",
        _ => throw new ArgumentOutOfRangeException(nameof(Kind), Kind, message: null),
    };

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => Name.Length == 0 ? Word : $"{Word}:{Name}";
}
