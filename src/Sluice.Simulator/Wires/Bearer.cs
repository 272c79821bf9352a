using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator.Wires;

/// <summary><c>Authorization: Bearer …</c></summary>
internal static class Bearer
{
    public static string? Of(IHeaderDictionary headers)
    {
        var value = headers.Authorization.ToString();
        return value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && value.Length > 7 ? value[7..].Trim() : null;
    }
}
