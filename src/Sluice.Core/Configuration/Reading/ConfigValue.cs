namespace Sluice.Core.Configuration.Reading;

/// <summary>A checked value and where it stands.</summary>
/// <param name="Path">Key path.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Shown">The text as an error may show it.</param>
internal sealed record ConfigValue(string Path, int Line, int Column, string Shown)
{
    /// <summary>A scalar's value: string, bool, long, decimal or TimeSpan, by its shape.</summary>
    public object? Scalar { get; init; }

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<ConfigValue> Items { get; init; } = [];

    /// <summary>The members of a mapping, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, ConfigValue>> Members { get; init; } = [];

    /// <summary>A member by name; null where it is not there or was wrong.</summary>
    public ConfigValue? this[string name]
    {
        get
        {
            foreach (var (key, value) in Members)
            {
                if (key == name)
                {
                    return value;
                }
            }

            return null;
        }
    }

    /// <summary>The scalar of a member.</summary>
    public T? Get<T>(string name) => this[name]?.Scalar is T value ? value : default;

    /// <summary>The scalars of a list of text.</summary>
    public IReadOnlyList<string> Texts() => [.. Items.Select(item => item.Scalar).OfType<string>()];
}
