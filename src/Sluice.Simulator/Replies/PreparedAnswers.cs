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

    /// <summary>Finds model and stream flag in a body without parsing what lies beside them; null where there is no model at the top.</summary>
    public static PreparedKey? KeyOf(IWire wire, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        string? model = null;
        bool? stream = null;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while ((model is null || stream is null) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isModel = reader.ValueTextEquals("model"u8);
                var isStream = reader.ValueTextEquals("stream"u8);
                reader.Read();
                if (isModel && reader.TokenType == JsonTokenType.String)
                {
                    model = reader.GetString();
                }
                else if (isStream)
                {
                    stream = reader.TokenType == JsonTokenType.True;
                }
                else
                {
                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return model is null ? null : new PreparedKey(wire, model, stream ?? false);
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
