using System.Collections.Concurrent;
using System.Text.Json;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator.Replies;

/// <summary>What a prepared answer depends on.</summary>
internal sealed record PreparedKey(IWire Wire, string Model, bool Stream);

/// <summary>Answers that are made once and sent for ever.</summary>
internal sealed class PreparedAnswers
{
    /// <summary>Benchmarks use a handful of models; beyond this answers are made anew.</summary>
    private const int MaxAnswers = 1000;

    private readonly ConcurrentDictionary<PreparedKey, Reply> _replies = new();

    /// <summary>
    /// Finds model and stream flag; null where neither the path nor the top of the body names a model. Agents put the flag behind everything else, and reading through 600 KB of tools
    /// would cost more than the answer: it is searched for from the end. A string cannot hold the searched bytes, as its quotes are escaped.
    /// </summary>
    public static PreparedKey? KeyOf(IWire wire, WireRoute route, ReadOnlySpan<byte> body)
    {
        if (route is { Model: { } named, Stream: { } streamed })
        {
            return new PreparedKey(wire, named, streamed);
        }

        var reader = new Utf8JsonReader(body);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isModel = reader.ValueTextEquals("model"u8);
                reader.Read();
                if (isModel && reader.TokenType == JsonTokenType.String)
                {
                    var flag = body.LastIndexOf("\"stream\":"u8);
                    return new PreparedKey(wire, reader.GetString()!, flag >= 0 && body[(flag + 9)..].TrimStart(" \t\r\n"u8).StartsWith("true"u8));
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // No JSON: the way that parses says so to the client.
        }

        return null;
    }

    public Reply? Find(PreparedKey key) => _replies.GetValueOrDefault(key);

    /// <summary>The first one kept for a key stays.</summary>
    public void Keep(PreparedKey key, Reply reply)
    {
        if (_replies.Count < MaxAnswers)
        {
            _replies.TryAdd(key, reply);
        }
    }
}
