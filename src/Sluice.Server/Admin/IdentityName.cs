namespace Sluice.Server.Admin;

/// <summary>Names of users, teams, projects, keys and models as an administrator may write them.</summary>
internal static class IdentityName
{
    private const int MaxLength = 128;

    public static string Required(string? name, string member) =>
        Optional(name, member) ?? throw new BadInputException($"'{member}' is missing or empty.");

    public static string? Optional(string? name, string member)
    {
        var trimmed = name?.Trim();
        if (string.IsNullOrEmpty(trimmed))
        {
            return null;
        }

        // A line break would split a stored list, and control characters a terminal.
        return trimmed.Length <= MaxLength && !trimmed.Any(char.IsControl)
            ? trimmed
            : throw new BadInputException($"'{member}' is longer than {MaxLength} characters or has control characters in it.");
    }
}
