namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>What a client or a provider speaks.</summary>
internal enum Wire
{
    Messages,
    Chat,
    Responses,
    Gemini,

    /// <summary>Of providers only.</summary>
    Converse,
}

/// <summary>The clients' wires: where each asks, how little it may say, and how its answers are read.</summary>
internal static class Wires
{
    public static readonly Wire[] Clients = [Wire.Messages, Wire.Chat, Wire.Responses, Wire.Gemini];

    public static string Path(Wire client, string model, bool stream) => client switch
    {
        Wire.Messages => "/v1/messages",
        Wire.Chat => "/v1/chat/completions",
        Wire.Responses => "/v1/responses",
        Wire.Gemini => $"/v1beta/models/{model}:{(stream ? "streamGenerateContent?alt=sse" : "generateContent")}",
        _ => throw new ArgumentOutOfRangeException(nameof(client), client, message: null),
    };

    public static Answer Read(Wire wire, bool stream, byte[] body) => (wire, stream) switch
    {
        (Wire.Messages, true) => AnthropicAnswers.Stream(body),
        (Wire.Messages, false) => AnthropicAnswers.Whole(body),
        (Wire.Chat, true) => ChatAnswers.Stream(body),
        (Wire.Chat, false) => ChatAnswers.Whole(body),
        (Wire.Responses, true) => ResponsesAnswers.Stream(body),
        (Wire.Responses, false) => ResponsesAnswers.Whole(body),
        (Wire.Gemini, true) => GeminiAnswers.Stream(body),
        (Wire.Gemini, false) => GeminiAnswers.Whole(body),
        (Wire.Converse, true) => ConverseAnswers.Stream(body),
        (Wire.Converse, false) => ConverseAnswers.Whole(body),
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, message: null),
    };
}
