using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Sluice.Protocols.Json;

/// <summary>
/// One JSON value as UTF-8 bytes that nobody has parsed into objects. Tool schemas and tool arguments travel like this, so that
/// key order, number spelling and escapes survive: prompt caches and signatures hang on those bytes.
/// </summary>
public readonly record struct RawJson(ReadOnlyMemory<byte> Utf8)
{
    /// <summary><c>{}</c>.</summary>
    public static readonly RawJson EmptyObject = new("{}"u8.ToArray());

    /// <summary>True when there is no value at all (not even <c>null</c>).</summary>
    public bool IsEmpty => Utf8.IsEmpty;

    /// <summary>Copies <paramref name="utf8"/>; the caller's buffer may be reused afterwards.</summary>
    public static RawJson Copy(ReadOnlySpan<byte> utf8) => new(utf8.ToArray());

    /// <summary>Takes the text as it stands; the caller answers for it being JSON.</summary>
    public static RawJson FromText(string json) => new(Encoding.UTF8.GetBytes(json));

    /// <summary>Copies the value that <paramref name="reader"/> stands on and moves the reader to its end.</summary>
    /// <param name="reader">Stands on the first token of the value; must read from one contiguous span.</param>
    /// <param name="source">The bytes that <paramref name="reader"/> reads.</param>
    public static RawJson CopyValue(ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Copy(source[start..(int)reader.BytesConsumed]);
    }

    /// <summary>Writes the value verbatim.</summary>
    public void WriteTo(Utf8JsonWriter writer) => writer.WriteRawValue(Utf8.Span, skipInputValidation: true);

    /// <summary>Writes the members of an object, without its brackets.</summary>
    public void WriteMembersTo(Utf8JsonWriter writer)
    {
        using var document = JsonDocument.Parse(Utf8, new JsonDocumentOptions { MaxDepth = 512 });
        foreach (var member in document.RootElement.EnumerateObject())
        {
            // Raw, so that escapes that are no text (half a surrogate pair) pass instead of throwing.
            writer.WritePropertyName(member.Name);
            writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
        }
    }

    /// <inheritdoc/>
    public bool Equals(RawJson other) => Utf8.Span.SequenceEqual(other.Utf8.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Utf8.Span);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Utf8.Span);
}
