namespace Sluice.Core.Configuration.Schema;

/// <summary>What a place in the configuration file may hold. One description feeds validation, the reference page and the JSON schema.</summary>
internal abstract record Shape
{
    /// <summary>What is allowed, in a few words, as error messages and the reference page say it.</summary>
    public abstract string Allowed { get; }
}

/// <summary>Any text.</summary>
/// <param name="What">What kind of text, for people.</param>
internal sealed record TextShape(string What) : Shape
{
    /// <summary>The value must never be shown.</summary>
    public bool IsSecret { get; init; }

    public override string Allowed => What;
}

/// <summary><c>true</c> or <c>false</c>.</summary>
internal sealed record BoolShape : Shape
{
    public override string Allowed => "true | false";
}

/// <summary>A whole number.</summary>
internal sealed record IntegerShape(long Min, long Max) : Shape
{
    public override string Allowed => Max == long.MaxValue ? $"a whole number from {Min}" : $"a whole number from {Min} to {Max}";
}

/// <summary>An amount in USD.</summary>
internal sealed record UsdShape : Shape
{
    /// <summary>No published price comes near it; more is a figure per token's worth of slips.</summary>
    public const decimal Max = 1_000_000m;

    public override string Allowed => "USD, a number from 0 to 1000000";
}

/// <summary>A span of time.</summary>
internal sealed record DurationShape : Shape
{
    /// <summary><c>off</c>, or <c>0</c>, is taken too and read as zero.</summary>
    public bool TakesOff { get; init; }

    public override string Allowed => "a duration such as 500ms, 20s, 5m, 1h" + (TakesOff ? ", or off" : "");
}

/// <summary>A number of bytes.</summary>
internal sealed record SizeShape : Shape
{
    public override string Allowed => "a size such as 512KiB, 32MiB, 1GiB";
}

/// <summary>A share.</summary>
internal sealed record PercentShape : Shape
{
    public override string Allowed => "a percentage from 0% to 100%";
}

/// <summary>One of a few words.</summary>
internal sealed record ChoiceShape(IReadOnlyList<string> Words) : Shape
{
    public override string Allowed => string.Join(" | ", Words);
}

/// <summary>An absolute http or https address.</summary>
internal sealed record UrlShape : Shape
{
    public override string Allowed => "an absolute http:// or https:// address without user name or query";
}

/// <summary>A sequence.</summary>
internal sealed record ListShape(Shape Item) : Shape
{
    public override string Allowed => $"a list of: {Item.Allowed}";
}

/// <summary>A mapping with names of the operator's own.</summary>
internal sealed record MapShape(string Key, Shape Value) : Shape
{
    public override string Allowed => $"a mapping from {Key} to {Value.Allowed}";
}

/// <summary>A mapping with known names.</summary>
internal sealed record RecordShape(IReadOnlyList<Field> Fields) : Shape
{
    public override string Allowed => $"a mapping with {string.Join(", ", Fields.Select(known => known.Name))}";
}

/// <summary>One known name in a mapping.</summary>
/// <param name="Name">As written.</param>
/// <param name="Shape">What it holds.</param>
/// <param name="Default">What counts without it; empty where there is nothing.</param>
/// <param name="Meaning">For people, without a full stop.</param>
internal sealed record Field(string Name, Shape Shape, string Default, string Meaning)
{
    /// <summary>What LiteLLM calls it; named in its place, the error suggests this field.</summary>
    public IReadOnlyList<string> InLiteLlm { get; init; } = [];

    /// <summary>Must be there.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Accepted, checked, and without effect so far: its use is a warning.</summary>
    public bool IsNotBuilt { get; init; }
}
