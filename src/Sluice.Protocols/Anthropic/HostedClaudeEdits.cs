using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Makes of a Messages body what other hosts of Claude take: <c>model</c> and <c>stream</c> are in their path and go; <c>anthropic_version</c>
/// and the betas, which are headers at Anthropic, come in. Everything else stays byte for byte, so that caches and signatures hold.
/// </summary>
public static class HostedClaudeEdits
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>Works out the edits.</summary>
    /// <param name="body">A client's body that <see cref="EnvelopeScanner"/> accepted, or one that the request writer made.</param>
    /// <param name="host">Where it goes; not <see cref="ClaudeHost.BedrockConverse"/>, whose body is another.</param>
    /// <param name="betas">The values of the client's <c>anthropic-beta</c> headers.</param>
    /// <param name="degradations">Takes the betas that the host does not know.</param>
    /// <param name="gatewayMembers">From the scan of a client's body, to be taken out too; null for bodies without.</param>
    /// <param name="count">Set where the tokens of the body are asked for and not its answer.</param>
    public static BodyEdits For(
        ReadOnlySpan<byte> body, ClaudeHost host, IEnumerable<string> betas, DegradationLog degradations, IReadOnlyList<EnvelopeMember>? gatewayMembers = null, HostedClaudeCount? count = null)
    {
        var start = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        var goes = new List<EnvelopeMember>(gatewayMembers ?? []);
        var wanted = new List<string>(betas);
        var (members, open, limit) = Find(body, start, goes, wanted);
        if (open < 0)
        {
            // Broken: the upstream says so in its own words.
            return BodyEdits.Of([], body.Length);
        }

        goes.Sort((a, b) => a.Member.Start.CompareTo(b.Member.Start));
        var edits = new List<BodyEdit>();
        BodyEdits.Remove(goes, body, edits);
        var accepted = count is { TakesBetas: false } ? [] : ClaudeBetas.Accepted(host, wanted, degradations);
        edits.Add(new BodyEdit(new BodySpan(open + 1, 0), Inserted(host, accepted, count, limit, members > goes.Count)));
        return BodyEdits.Of(edits, body.Length);
    }

    // Limit: what max_tokens has to be where the body states none, above the budget of its thinking; null where it states one.
    private static (int Members, int Open, long? Limit) Find(ReadOnlySpan<byte> body, int offset, List<EnvelopeMember> goes, List<string> betas)
    {
        var members = 0;
        var stated = false;
        long budget = 0;
        try
        {
            var reader = new Utf8JsonReader(body[offset..], Deep);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return (0, -1, null);
            }

            var open = offset + (int)reader.TokenStartIndex;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                members++;
                var name = NameToRemove(ref reader);
                stated |= reader.ValueTextEquals("max_tokens"u8);
                var thinks = reader.ValueTextEquals("thinking"u8);
                var nameStart = offset + (int)reader.TokenStartIndex;
                reader.Read();
                var valueStart = offset + (int)reader.TokenStartIndex;
                reader.Skip();
                var end = offset + (int)reader.BytesConsumed;
                if (thinks)
                {
                    budget = TokenCountJson.Read(body[valueStart..end], "budget_tokens"u8) ?? 0;
                }

                if (name is null || goes.Exists(g => g.Member.Start == nameStart))
                {
                    continue;
                }

                var value = new BodySpan(valueStart, end - valueStart);
                goes.Add(new EnvelopeMember(name, new BodySpan(nameStart, end - nameStart), value));
                if (name == "anthropic_beta")
                {
                    betas.AddRange(ClaudeBetas.ReadList(body.Slice(value.Start, value.Length)));
                }
            }

            return (members, open, stated ? null : budget + 1);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (0, -1, null);
        }
    }

    private static string? NameToRemove(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("model"u8) ? "model"
        : reader.ValueTextEquals("stream"u8) ? "stream"
        : reader.ValueTextEquals("anthropic_version"u8) ? "anthropic_version"
        : reader.ValueTextEquals("anthropic_beta"u8) ? "anthropic_beta"
        : null;

    private static byte[] Inserted(ClaudeHost host, IReadOnlyList<string> betas, HostedClaudeCount? count, long? limit, bool othersFollow)
    {
        var output = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(output, AnthropicWords.Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("anthropic_version"u8, host == ClaudeHost.Vertex ? "vertex-2023-10-16"u8 : "bedrock-2023-05-31"u8);
            if (betas.Count > 0)
            {
                json.WriteStartArray("anthropic_beta"u8);
                foreach (var beta in betas)
                {
                    json.WriteStringValue(beta);
                }

                json.WriteEndArray();
            }

            if (count?.Model is { } model)
            {
                json.WriteString("model"u8, model);
            }

            if (count is { NeedsLimit: true } && limit is { } tokens)
            {
                json.WriteNumber("max_tokens"u8, tokens);
            }

            json.WriteEndObject();
        }

        var members = output.WrittenSpan[1..^1];
        return othersFollow ? [.. members, (byte)','] : members.ToArray();
    }
}
