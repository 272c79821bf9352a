using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Sluice.Server.Admin;

/// <summary>Bodies in and out of the admin API.</summary>
internal static class AdminAnswer
{
    // The largest body is a key with its list of models.
    private const int MaxBody = 64 * 1024;

    public static Task JsonAsync<T>(HttpContext http, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(value, type, "application/json", http.RequestAborted);
    }

    /// <summary><c>{"error":{"message":…}}</c></summary>
    public static Task ErrorAsync(HttpContext http, int status, string message) =>
        JsonAsync(http, new ErrorAnswer(new ErrorDetail(message)), AdminJson.Default.ErrorAnswer, status);

    /// <exception cref="BadInputException">Not JSON, too large, or not of this shape.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
    {
        var body = new byte[MaxBody + 1];
        var length = 0;
        int read;
        while (length < body.Length && (read = await http.Request.Body.ReadAsync(body.AsMemory(length), http.RequestAborted)) > 0)
        {
            length += read;
        }

        if (length > MaxBody)
        {
            throw new BadInputException($"The body is longer than {MaxBody} bytes.");
        }

        try
        {
            return JsonSerializer.Deserialize(body.AsSpan(0, length), type)
                ?? throw new BadInputException("The body is null; a JSON object is needed.");
        }
        catch (JsonException e)
        {
            // The framework's message names .NET types; where it went wrong is what a caller can use.
            var place = string.IsNullOrEmpty(e.Path) || e.Path == "$" ? "" : $" at {e.Path}";
            throw new BadInputException($"The body is not the JSON object that this call takes{place}. Members: {string.Join(", ", type.Properties.Select(property => property.Name))}.");
        }
    }
}
