using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// How the hosts of Claude are asked for a count. Vertex wants Anthropic's body with its version, and the model in it, since its path is the same for
/// all. Bedrock wants a whole InvokeModel body, in base64 inside an envelope of its own, and answers with a number of another name.
/// </summary>
/// <param name="Host">Bedrock's InvokeModel or Vertex.</param>
/// <param name="Model">What the body calls the model; null where the path does.</param>
public sealed record HostedClaudeCount(ClaudeHost Host, string? Model)
{
    /// <summary>Vertex refuses betas here that it takes for answers; no count hangs on them.</summary>
    public bool TakesBetas => Host != ClaudeHost.Vertex;

    /// <summary>InvokeModel bodies must state a limit for the answer, which a count has not.</summary>
    public bool NeedsLimit => Host == ClaudeHost.BedrockInvoke;

    /// <summary>The body as it is sent.</summary>
    /// <param name="pieces">What an answer would be asked with, one piece after the other.</param>
    public IReadOnlyList<ReadOnlyMemory<byte>> Enclose(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        if (Host != ClaudeHost.BedrockInvoke)
        {
            return pieces;
        }

        var whole = new ArrayBufferWriter<byte>();
        foreach (var piece in pieces)
        {
            whole.Write(piece.Span);
        }

        var output = new ArrayBufferWriter<byte>((whole.WrittenCount * 4 / 3) + 64);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartObject("input"u8);
            json.WriteStartObject("invokeModel"u8);
            json.WriteBase64String("body"u8, whole.WrittenSpan);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return [output.WrittenMemory];
    }

    /// <summary>Reads the count of an answer with a success status; null when the bytes hold none.</summary>
    public long? Read(ReadOnlySpan<byte> body) => TokenCountJson.Read(body, Host == ClaudeHost.BedrockInvoke ? "inputTokens"u8 : "input_tokens"u8);
}
