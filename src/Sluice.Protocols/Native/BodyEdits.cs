using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Native;

/// <summary>What an upstream needs changed in a client's body.</summary>
public sealed record BodyEditOptions
{
    /// <summary>Take the gateway's own members out; false for upstreams that are gateways themselves.</summary>
    public bool RemoveGatewayMembers { get; init; } = true;

    /// <summary>Ask a stream for its usage chunk, where its format wants to be asked; false for servers that refuse <c>stream_options</c>.</summary>
    public bool AskForUsage { get; init; } = true;

    /// <summary>The service tier to ask for; null leaves the client's member as it is.</summary>
    public string? ServiceTier { get; init; }
}

/// <summary>One replacement.</summary>
/// <param name="Span">What goes; empty where something is only inserted.</param>
/// <param name="With">What comes in its place.</param>
public readonly record struct BodyEdit(BodySpan Span, byte[] With);

/// <summary>
/// Span replacements over a client's body: what is not named in them reaches the upstream byte for byte, so order, spacing, escapes, unknown
/// members, prompt caches and signatures survive. Immutable; holds no part of the body.
/// </summary>
public sealed class BodyEdits
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] AskUsage = "\"stream_options\":{\"include_usage\":true}"u8.ToArray();

    private readonly BodyEdit[] _edits;
    private readonly int _originalLength;

    private BodyEdits(BodyEdit[] edits, int originalLength)
    {
        _edits = edits;
        _originalLength = originalLength;
        Length = originalLength;
        foreach (var edit in edits)
        {
            Length += edit.With.Length - edit.Span.Length;
        }
    }

    /// <summary>Bytes of the edited body.</summary>
    public long Length { get; }

    /// <summary>Nothing is changed: the body may be sent as it is.</summary>
    public bool IsEmpty => _edits.Length == 0;

    /// <summary>Works out what must change for an upstream.</summary>
    /// <param name="envelope">The scan of <paramref name="original"/>.</param>
    /// <param name="original">The client's whole body.</param>
    /// <param name="upstreamModel">The upstream's name of the model.</param>
    /// <param name="options">Null for a vendor's own API.</param>
    public static BodyEdits ForModel(Envelope envelope, ReadOnlySpan<byte> original, string upstreamModel, BodyEditOptions? options = null)
    {
        options ??= new BodyEditOptions();
        if (envelope.IsForm)
        {
            // A field has no quotes, and a form nothing that only a gateway reads.
            return Of(envelope.Model == upstreamModel ? [] : [new BodyEdit(envelope.ModelValue, Encoding.UTF8.GetBytes(upstreamModel))], original.Length);
        }

        var edits = new List<BodyEdit>();
        var inserted = new ArrayBufferWriter<byte>(64);
        if (envelope.ModelIsInPath)
        {
            // It goes into the upstream's path as well; where the body repeats the path, it still has to.
            if (envelope.ModelValue.Exists && original.Slice(envelope.ModelValue.Start, envelope.ModelValue.Length).SequenceEqual(Quoted("models/" + envelope.Model)))
            {
                edits.Add(new BodyEdit(envelope.ModelValue, Quoted(upstreamModel.StartsWith("models/", StringComparison.Ordinal) ? upstreamModel : "models/" + upstreamModel)));
            }
        }
        else if (!envelope.ModelValue.Exists)
        {
            inserted.Write("\"model\":"u8);
            inserted.Write(Quoted(upstreamModel));
        }
        else if (envelope.Model != upstreamModel)
        {
            edits.Add(new BodyEdit(envelope.ModelValue, Quoted(upstreamModel)));
        }

        var removed = 0;
        if (options.RemoveGatewayMembers)
        {
            removed = envelope.GatewayMembers.Count;
            Remove(envelope.GatewayMembers, original, edits);
        }

        if (options.AskForUsage && envelope is { Stream: true, IncludeStreamUsage: false, Media: null } && WireFormats.Client(envelope.Protocol).AsksForUsage)
        {
            if (!envelope.StreamOptions.Exists)
            {
                inserted.Write(inserted.WrittenCount > 0 ? ","u8 : default);
                inserted.Write(AskUsage);
            }
            else
            {
                SwitchUsageOn(envelope.StreamOptions, original, edits);
            }
        }

        if (options.ServiceTier is { } tier && WireFormats.Upstream(envelope.Protocol).ServiceTier is { } member)
        {
            SetTier(envelope, member, tier, inserted, edits);
        }

        if (inserted.WrittenCount > 0)
        {
            inserted.Write(envelope.MemberCount > removed ? ","u8 : default);
            edits.Add(new BodyEdit(new BodySpan(envelope.BodyStart + 1, 0), inserted.WrittenSpan.ToArray()));
        }

        return new BodyEdits([.. edits.OrderBy(e => e.Span.Start).ThenBy(e => e.Span.Length)], original.Length);
    }

    private static void SetTier(Envelope envelope, ServiceTierMember member, string tier, ArrayBufferWriter<byte> inserted, List<BodyEdit> edits)
    {
        if (!envelope.ServiceTierValue.Exists)
        {
            inserted.Write(inserted.WrittenCount > 0 ? ","u8 : default);
            inserted.Write(Quoted(member.Name));
            inserted.Write(":"u8);
            inserted.Write(Quoted(tier));
        }
        else if (envelope.ServiceTier != tier)
        {
            edits.Add(new BodyEdit(envelope.ServiceTierValue, Quoted(tier)));
        }
    }

    /// <summary>Edits that were worked out elsewhere, in any order; no two of them touch the same bytes.</summary>
    internal static BodyEdits Of(IEnumerable<BodyEdit> edits, int originalLength) =>
        new([.. edits.OrderBy(e => e.Span.Start).ThenBy(e => e.Span.Length)], originalLength);

    /// <summary>These edits and <paramref name="more"/>, which must not touch the same bytes.</summary>
    public BodyEdits And(IReadOnlyList<BodyEdit> more) => more.Count == 0 ? this
        : new BodyEdits([.. _edits.Concat(more).OrderBy(e => e.Span.Start).ThenBy(e => e.Span.Length)], _originalLength);

    /// <summary>Writes the edited body.</summary>
    public void CopyTo(ReadOnlySpan<byte> original, IBufferWriter<byte> output)
    {
        var done = 0;
        foreach (var edit in _edits)
        {
            output.Write(original[done..edit.Span.Start]);
            output.Write(edit.With);
            done = edit.Span.End;
        }

        output.Write(original[done..]);
    }

    /// <summary>The edited body in order, its untouched runs as slices of <paramref name="original"/>.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces(ReadOnlyMemory<byte> original)
    {
        var done = 0;
        foreach (var edit in _edits)
        {
            if (edit.Span.Start > done)
            {
                yield return original[done..edit.Span.Start];
            }

            if (edit.With.Length > 0)
            {
                yield return edit.With;
            }

            done = edit.Span.End;
        }

        if (done < original.Length)
        {
            yield return original[done..];
        }
    }

    /// <summary>
    /// Cuts members out; they come in the order of their bytes. Members that stand side by side are one cut, or two cuts would both claim the
    /// comma between them. A cut takes the comma behind it; at the end of the object, the one before it.
    /// </summary>
    internal static void Remove(IReadOnlyList<EnvelopeMember> members, ReadOnlySpan<byte> original, List<BodyEdit> edits)
    {
        for (var first = 0; first < members.Count; first++)
        {
            var start = members[first].Member.Start;
            var end = members[first].Member.End;
            var next = SkipSpace(original, end);
            while (original[next] == (byte)',')
            {
                next = SkipSpace(original, next + 1);
                if (first + 1 == members.Count || members[first + 1].Member.Start != next)
                {
                    break;
                }

                first++;
                end = members[first].Member.End;
                next = SkipSpace(original, end);
            }

            if (original[next] == (byte)'}')
            {
                var before = start - 1;
                while (original[before] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                {
                    before--;
                }

                start = original[before] == (byte)',' ? before : start;
            }
            else
            {
                end = next;
            }

            edits.Add(new BodyEdit(new BodySpan(start, end - start), []));
        }
    }

    // {"include_obfuscation":false} keeps its members; null becomes an object; any other type is left to the upstream to refuse.
    private static void SwitchUsageOn(BodySpan value, ReadOnlySpan<byte> original, List<BodyEdit> edits)
    {
        var json = original.Slice(value.Start, value.Length);
        if (json.SequenceEqual("null"u8))
        {
            edits.Add(new BodyEdit(value, "{\"include_usage\":true}"u8.ToArray()));
            return;
        }

        var found = new List<BodyEdit>();
        var members = 0;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                members++;
                var wanted = reader.ValueTextEquals("include_usage"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (wanted)
                {
                    found.Add(new BodyEdit(new BodySpan(value.Start + start, (int)reader.BytesConsumed - start), "true"u8.ToArray()));
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return;
        }

        if (found.Count == 0)
        {
            found.Add(new BodyEdit(new BodySpan(value.Start + 1, 0), members > 0 ? "\"include_usage\":true,"u8.ToArray() : "\"include_usage\":true"u8.ToArray()));
        }

        edits.AddRange(found);
    }

    private static int SkipSpace(ReadOnlySpan<byte> bytes, int position)
    {
        while (bytes[position] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            position++;
        }

        return position;
    }

    internal static byte[] Quoted(string text)
    {
        var output = new ArrayBufferWriter<byte>(text.Length + 2);
        using var writer = new Utf8JsonWriter(output, Plain);
        writer.WriteStringValue(text);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
