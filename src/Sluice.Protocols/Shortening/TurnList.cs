using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Shortening;

/// <summary>Finds the turns of a client's body. It builds trees, one element at a time: only a conversation that is too long comes here.</summary>
public static class TurnList
{
    /// <summary>In order; none where the body has no list of turns, or is broken inside.</summary>
    /// <param name="format">The client's.</param>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    public static IReadOnlyList<Turn> Of(IClientFormat format, ReadOnlySpan<byte> body)
    {
        var turns = new List<Turn>();
        try
        {
            var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var holdsTurns = !json.ValueIsEscaped && format.MeaningOf(json.ValueSpan) is MemberMeaning.Messages or MemberMeaning.MessagesOrOne or MemberMeaning.Input;
                json.Read();
                if (!holdsTurns || json.TokenType != JsonTokenType.StartArray)
                {
                    json.Skip();
                    continue;
                }

                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    var start = (int)json.TokenStartIndex;
                    using var element = JsonDocument.ParseValue(ref json);
                    turns.Add(new Turn(new BodySpan(start, (int)json.BytesConsumed - start), format.TurnOf(element.RootElement)));
                }
            }

            return turns;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }
}
