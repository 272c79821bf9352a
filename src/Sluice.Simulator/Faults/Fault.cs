using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sluice.Simulator;

/// <summary>One thing to do wrong, with its particulars.</summary>
/// <param name="Kind">What.</param>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>HTTP status of <see cref="FaultKind.Status"/>, and the class of an error inside a 200 (default 529 there).</summary>
    public int Status { get; init; }

    /// <summary><c>retry-after</c> in seconds; null sends none.</summary>
    public long? RetryAfter { get; init; }

    /// <summary>Where it strikes, for the kinds that have a place; else ignored.</summary>
    public FaultPlace Place { get; init; } = FaultPlace.AfterText;

    /// <summary>How many deltas go before, for <see cref="FaultPlace.AfterText"/>.</summary>
    public int After { get; init; } = 1;

    /// <summary>Length of a pause; null where it has no end (stall) or the kind's own default applies.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Which of several texts of one status: <c>context</c> (overflow), <c>credit</c>, <c>quota</c>, <c>html</c>, Azure's <c>filter</c>; <c>failed</c> or <c>flat</c> for errors inside a Responses stream, <c>crc</c> for a malformed binary frame; null for the usual one.</summary>
    public string? Variant { get; init; }

    /// <summary>The error's message instead of the vendor's usual one.</summary>
    public string? Message { get; init; }

    /// <summary>A status with the vendor's own body.</summary>
    public static Fault Of(int status, long? retryAfter = null, string? variant = null) =>
        new(FaultKind.Status) { Status = status, RetryAfter = retryAfter, Variant = variant };

    /// <summary>A fault at a place.</summary>
    public static Fault Of(FaultKind kind, FaultPlace place, int after = 1) => new(kind) { Place = place, After = after };

    /// <summary>
    /// Reads <c>name[;param=value…]</c>: a kind's name or a bare status (<c>429;retry-after=3</c>), with <c>status</c>, <c>retry-after</c> (seconds),
    /// <c>at</c> (a place's name, <c>text</c>, <c>start</c>, <c>tool</c>, <c>ping</c>, <c>headers</c>, <c>before</c>), <c>after</c> (deltas), <c>delay</c> (milliseconds), <c>variant</c> and <c>message</c>.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Fault? fault)
    {
        var parts = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        fault = null;
        if (parts.Length == 0)
        {
            return false;
        }

        Fault found;
        if (int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            found = Of(status);
        }
        else if (Enum.TryParse<FaultKind>(parts[0].Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var kind) && !char.IsAsciiDigit(parts[0][0]))
        {
            found = new Fault(kind);
        }
        else
        {
            return false;
        }

        foreach (var part in parts.AsSpan(1))
        {
            if (!TryAdd(part, ref found))
            {
                return false;
            }
        }

        // Nobody can tell what a status fault without a status should do; 500 is the plainest failure.
        fault = found is { Kind: FaultKind.Status, Status: 0 } ? found with { Status = 500 } : found;
        return fault.Status is 0 or (>= 100 and <= 599);
    }

    private static bool TryAdd(string part, ref Fault fault)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0)
        {
            return false;
        }

        var value = part[(equals + 1)..];
        var isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        switch (part[..equals])
        {
            case "status" when isNumber && number <= 599:
                fault = fault with { Status = (int)number };
                return true;
            case "retry-after" when isNumber:
                fault = fault with { RetryAfter = number };
                return true;
            case "after" when isNumber && number <= int.MaxValue:
                fault = fault with { After = (int)number, Place = FaultPlace.AfterText };
                return true;
            case "delay" when isNumber && number <= int.MaxValue:
                fault = fault with { Delay = TimeSpan.FromMilliseconds(number) };
                return true;
            case "variant":
                fault = fault with { Variant = value };
                return true;
            case "message":
                fault = fault with { Message = value };
                return true;
            case "at" when PlaceNamed(value) is { } place:
                fault = fault with { Place = place };
                return true;
            default:
                return false;
        }
    }

    private static FaultPlace? PlaceNamed(string name) => name switch
    {
        "before" or "before-headers" => FaultPlace.BeforeHeaders,
        "headers" or "after-headers" or "first" => FaultPlace.AfterHeaders,
        "ping" or "after-ping" => FaultPlace.AfterPing,
        "start" or "after-start" => FaultPlace.AfterStart,
        "tool" or "in-tool-call" => FaultPlace.InToolCall,
        "text" or "after-text" => FaultPlace.AfterText,
        _ => null,
    };
}
