using System.Text.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Takes thinking out of a Messages body by cutting its bytes: a provider refuses thinking that another one signed, or that nobody did, and
/// with it the whole conversation. The same holds of searches that another provider made (<see cref="AnthropicSearchBlocks"/>), and of the citations
/// of what they found. Everything else stays byte for byte.
/// </summary>
public static class ThinkingCuts
{
    private static readonly byte[] Placeholder = "{\"type\":\"text\",\"text\":\"(thinking left out)\"}"u8.ToArray();
    private static readonly byte[] Disabled = "{\"type\":\"disabled\"}"u8.ToArray();
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>Which thinking goes.</summary>
    public enum Which
    {
        /// <summary>Without a signature, or with one of another format (see <see cref="Formats.SignatureCarrier"/>): no Anthropic API takes it.</summary>
        Foreign,

        /// <summary>All of it.</summary>
        All,
    }

    /// <summary>The cuts, in order; none where there is nothing to take out.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="which">What to take out.</param>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body, Which which)
    {
        var cuts = new List<BodyEdit>();
        var thinking = default(BodySpan);
        var brokenLoop = false;
        try
        {
            var reader = new Utf8JsonReader(body, Deep);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("messages"u8))
                {
                    reader.Read();
                    brokenLoop = Messages(ref reader, which, cuts);
                }
                else
                {
                    var isThinking = reader.ValueTextEquals("thinking"u8);
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    thinking = isThinking ? new BodySpan(start, (int)reader.BytesConsumed - start) : thinking;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken inside: the upstream says so in its own words.
            return [];
        }

        // With a thinking budget a turn that waits for tool results must begin with its thinking; without that, thinking has to rest for a turn.
        if (brokenLoop && thinking.Exists && JsonText.StringMember(body.Slice(thinking.Start, thinking.Length), "type"u8) == "enabled")
        {
            cuts.Add(new BodyEdit(thinking, Disabled));
        }

        return cuts;
    }

    // True when the last assistant turn calls a tool and has lost the thinking that it began with.
    private static bool Messages(ref Utf8JsonReader reader, Which which, List<BodyEdit> cuts)
    {
        var brokenLoop = false;
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var assistant = false;
            var content = new List<Block>();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isRole = reader.ValueTextEquals("role"u8);
                var isContent = reader.ValueTextEquals("content"u8);
                reader.Read();
                if (isContent && reader.TokenType == JsonTokenType.StartArray)
                {
                    Blocks(ref reader, content);
                    continue;
                }

                assistant |= isRole && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("assistant"u8);
                reader.Skip();
            }

            if (assistant)
            {
                Cut(content, which, cuts);
                brokenLoop = content.Exists(b => b.IsCall) && content[0].IsThinking && content[0].Goes(which);
            }
        }

        return brokenLoop;
    }

    private static void Cut(List<Block> blocks, Which which, List<BodyEdit> cuts)
    {
        foreach (var block in blocks)
        {
            if (block.Citations.Exists && !block.Goes(which))
            {
                cuts.Add(new BodyEdit(block.Citations, "null"u8.ToArray()));
            }
        }

        for (var first = 0; first < blocks.Count; first++)
        {
            if (!blocks[first].Goes(which))
            {
                continue;
            }

            var last = first;
            while (last + 1 < blocks.Count && blocks[last + 1].Goes(which))
            {
                last++;
            }

            // A run takes the comma behind it; at the end of the array, the one before it; and no message may be left without content.
            var (start, end) = (blocks[first].Span.Start, blocks[last].Span.End);
            var with = Array.Empty<byte>();
            if (last + 1 < blocks.Count)
            {
                end = blocks[last + 1].Span.Start;
            }
            else if (first > 0)
            {
                start = blocks[first - 1].Span.End;
            }
            else
            {
                with = Placeholder;
            }

            cuts.Add(new BodyEdit(new BodySpan(start, end - start), with));
            first = last;
        }
    }

    private static void Blocks(ref Utf8JsonReader reader, List<Block> blocks)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            var block = default(Block);
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                block = ReadBlock(ref reader);
            }
            else
            {
                reader.Skip();
            }

            blocks.Add(block with { Span = new BodySpan(start, (int)reader.BytesConsumed - start) });
        }
    }

    private static Block ReadBlock(ref Utf8JsonReader reader)
    {
        var (isThinking, isRedacted, isCall, hasOwnProof) = (false, false, false, false);
        var isForeignSearch = false;
        var citations = default(BodySpan);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isSearchId = reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("tool_use_id"u8);
            var isCitations = reader.ValueTextEquals("citations"u8);
            var isProof = reader.ValueTextEquals("signature"u8) || reader.ValueTextEquals("data"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                isThinking |= isType && reader.ValueTextEquals("thinking"u8);
                isRedacted |= isType && reader.ValueTextEquals("redacted_thinking"u8);
                isCall |= isType && reader.ValueTextEquals("tool_use"u8);
                isForeignSearch |= isSearchId && reader.ValueSpan.StartsWith(AnthropicSearchBlocks.ForeignId);
                hasOwnProof |= isProof && reader.ValueSpan.Length > 0 && !reader.ValueSpan.StartsWith("sluice1."u8);
            }

            if (isCitations && reader.TokenType == JsonTokenType.StartArray)
            {
                var start = (int)reader.TokenStartIndex;
                citations = HasForeignIndex(ref reader) ? new BodySpan(start, (int)reader.BytesConsumed - start) : citations;
                continue;
            }

            reader.Skip();
        }

        return new Block(default, isThinking || isRedacted, hasOwnProof, isCall, isForeignSearch, citations);
    }

    // Leaves the reader at the end of the array.
    private static bool HasForeignIndex(ref Utf8JsonReader reader)
    {
        var foreign = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isIndex = reader.ValueTextEquals("encrypted_index"u8);
                reader.Read();
                foreign |= isIndex && reader.TokenType == JsonTokenType.String && reader.ValueSpan.StartsWith("sluice1."u8);
                reader.Skip();
            }
        }

        return foreign;
    }

    private readonly record struct Block(BodySpan Span, bool IsThinking, bool HasOwnProof, bool IsCall, bool IsForeignSearch, BodySpan Citations)
    {
        public bool Goes(Which which) => IsForeignSearch || (IsThinking && (which == Which.All || !HasOwnProof));
    }
}
