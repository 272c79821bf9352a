using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>How clients of one wire ask, and how they read what comes; shares nothing with the product.</summary>
internal interface IClientWire
{
    WireProtocol Protocol { get; }

    string PathFor(string model, bool stream);

    /// <summary>One question of a user, with room for a long answer.</summary>
    /// <param name="model">Where the wire names it in the body.</param>
    /// <param name="text">The question.</param>
    /// <param name="stream">Where the wire says so in the body.</param>
    /// <param name="tool">Offers the tool "weather" with a place.</param>
    /// <param name="usage">Asks for usage, where a stream tells it only then.</param>
    JsonObject Request(string model, string text, bool stream, bool tool, bool usage);

    /// <summary>Demands a call of the one tool.</summary>
    void ForceTool(JsonObject request);

    /// <summary>Limits the answer.</summary>
    void LimitTokens(JsonObject request, int tokens);

    /// <summary>Adds the call as the client was told it, and the tool's result.</summary>
    void AddToolTurn(JsonObject request, ToolCallRead call, string result);

    /// <summary>Takes in a whole answer.</summary>
    void ReadWhole(JsonElement answer, AnswerReading reading);

    /// <summary>Takes in one event of a stream.</summary>
    void ReadEvent(JsonElement data, AnswerReading reading);

    /// <summary>The error of a body in this wire's own shape; null where it has another.</summary>
    ErrorRead? ErrorOf(JsonElement body);

    /// <summary>The wire's word for an end.</summary>
    string WordFor(AnswerEnding ending);

    /// <summary>What keeps silent streams alive, counted.</summary>
    int KeepAlives(ClientAnswer answer);
}

/// <summary>How an answer ends.</summary>
internal enum AnswerEnding
{
    Done,
    ToolCall,
    Length,
}

/// <summary>A tool call as a client sees it.</summary>
internal sealed record ToolCallRead(string Id, string Name, string Arguments)
{
    /// <summary>What else of the call's part has to come back with it.</summary>
    public string? Signature { get; init; }
}

/// <summary>An error as a client sees it.</summary>
/// <param name="Message">Its text.</param>
/// <param name="Type">The wire's own word for it.</param>
/// <param name="Kind">Sluice's word for it; null in a provider's own body.</param>
/// <param name="Code">OpenAI's second word.</param>
internal sealed record ErrorRead(string Message, string Type, string? Kind, string? Code = null);
