using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>One recorded exchange with status 200, under names of its own: <see cref="SameModel"/> is served under the name that is sent, <see cref="OtherModel"/> under another.</summary>
/// <param name="Number">Makes the names.</param>
/// <param name="Wire">What the provider spoke.</param>
/// <param name="Provider">The configuration's provider that plays it.</param>
/// <param name="Recording">The exchange.</param>
internal sealed record RecordedCase(int Number, Wire Wire, string Provider, Recording Recording)
{
    private string Host => Provider.Split('-')[0];

    /// <summary>Claude by Vertex and Bedrock: the model is in the path, the version and the betas are in the body.</summary>
    public bool IsHostedClaude => Wire == Wire.Messages && Host is "vertex" or "bedrock";

    /// <summary>Messages in binary frames, by InvokeModel.</summary>
    public bool IsFramed => Wire == Wire.Messages && Recording.EventStream() is not null;

    public bool IsStream => (Recording.Stream() ?? Recording.EventStream()) is not null || IsArray;

    public byte[] Body => Recording.Stream() ?? Recording.EventStream() ?? (IsArray ? Chunks() : Recording.Response()!);

    // A Gemini stream that was not asked for as events; Sluice always asks for them.
    private bool IsArray => Wire == Wire.Gemini && Recording.Response() is [(byte)'[', ..];

    /// <summary>Upstream and client call the model alike. Some hosts tell Claude by its name.</summary>
    public string SameModel => (Host, Wire) switch
    {
        ("vertex" or "azure", Wire.Messages) => $"claude-recorded-{Number}",
        ("bedrock", Wire.Messages) => $"anthropic.claude-recorded-{Number}",
        ("bedrock", _) => $"amazon.nova-recorded-{Number}",
        _ => $"recorded-{Number}",
    };

    /// <summary>The upstream knows this one as <see cref="SameModel"/>.</summary>
    public string OtherModel => $"renamed-{Number}";

    /// <summary>As clients of other formats call the model: these are asked in Chat where Azure has it, so another provider plays Azure's Responses to them.</summary>
    public string TranslatedModel => Wire == Wire.Responses && Host == "azure" ? $"translated-{Number}" : SameModel;

    /// <summary>The clients that get the provider's bytes as they are.</summary>
    public Wire? Native => Wire == Wire.Converse ? null : Wire;

    /// <summary>Who hears it in another format; a client of InvokeModel's binary frames does not exist, and others ask Bedrock by Converse.</summary>
    public IEnumerable<Wire> Others => Wires.Clients.Where(c => c != Native && !(Wire == Wire.Messages && Host == "bedrock"));

    public Answer Expected => Wires.Read(Wire, IsStream, IsFramed ? EventFrames.AsMessagesStream(Body) : Body);

    public ReplayAnswer Replay()
    {
        var meta = Recording.Meta();
        return new ReplayAnswer
        {
            Body = Body,
            ContentType = Recording.EventStream() is not null ? "application/vnd.amazon.eventstream" : IsStream ? "text/event-stream; charset=utf-8" : "application/json",
            ChunkLengths = [.. meta.Items("network_chunk_lengths").Select(c => c.GetInt32())],
        };
    }

    private byte[] Chunks()
    {
        using var list = JsonDocument.Parse(Recording.Response()!);
        return Encoding.UTF8.GetBytes(string.Concat(list.RootElement.EnumerateArray().Select(c => "data: " + c.GetRawText().ReplaceLineEndings(" ") + "\r\n\r\n")));
    }

    public override string ToString() => $"{Provider} {Recording.Folder}";
}

internal static class RecordedCases
{
    private static readonly string[] Dialects =
        ["openai", "openrouter", "deepseek", "qwen", "mistral", "groq", "xai", "zai", "moonshot", "together", "fireworks", "cerebras", "perplexity", "ollama", "vllm", "lmstudio", "generic"];

    private static readonly (string Api, Wire Wire)[] Apis =
    [
        ("anthropic-messages", Wire.Messages), ("bedrock-invoke", Wire.Messages), ("bedrock-invoke-stream", Wire.Messages), ("openai-chat", Wire.Chat),
        ("openai-responses", Wire.Responses), ("gemini", Wire.Gemini), ("bedrock-converse", Wire.Converse), ("bedrock-converse-stream", Wire.Converse),
    ];

    public static readonly IReadOnlyList<RecordedCase> All =
        [.. Apis
            .SelectMany(api => SharedData.Recordings(api.Api).Where(r => r.Meta().Count("status") == 200).Select(recording => (api.Wire, Recording: recording)))
            .Select(found => found.Wire == Wire.Responses && IsChat(found.Recording) ? (Wire: Wire.Chat, found.Recording) : found)
            .Select((found, number) => new RecordedCase(number, found.Wire, ProviderOf(found.Wire, found.Recording), found.Recording))
            .Where(c => !c.IsHostedClaude || IsMessages(c))];

    /// <summary>Rows of a theory: the wire and the vendor. One row that skips where the data is missing.</summary>
    public static IEnumerable<string> Groups => All.Count > 0 ? All.Select(GroupOf).Distinct(StringComparer.Ordinal) : [""];

    public static IEnumerable<RecordedCase> Of(string group) => All.Where(c => GroupOf(c) == group);

    /// <summary>One provider for each kind and dialect, one model for each recording and name.</summary>
    public static string Config(Uri simulator)
    {
        var at = simulator.ToString().TrimEnd('/');
        const string Key = "api_keys: [provider-key]";
        var config = new StringBuilder("routing: { retries: 0 }\nproviders:\n");
        foreach (var block in (string[])[
            // By names that recorded requests allow in their "provider" member ("openai"), and none that they demand of OpenRouter ("anthropic").
            $"claude, kind: anthropic, base_url: \"{at}\"",
            $"openai, kind: openai-responses, base_url: \"{at}/v1\"",
            $"gemini, kind: gemini, base_url: \"{at}\"",
            $"vertex, kind: vertex, base_url: \"{at}\", project: p-1, location: global",
            $"azure, kind: azure, base_url: \"{at}\"",
            $"bedrock, kind: bedrock, base_url: \"{at}\", region: us-east-1",
            .. Dialects.Select(dialect => $"chat-{dialect}, kind: openai, base_url: \"{at}/v1\", dialect: {dialect}")])
        {
            config.AppendLine(CultureInfo.InvariantCulture, $"  - {{ name: {block}, {Key} }}");
        }

        config.AppendLine("models:");
        foreach (var recorded in All)
        {
            foreach (var model in new[] { recorded.SameModel, recorded.OtherModel, recorded.TranslatedModel }.Distinct(StringComparer.Ordinal))
            {
                config.AppendLine(CultureInfo.InvariantCulture,
                    $"  - {{ id: {model}, endpoints: [{{ provider: {(model == recorded.TranslatedModel && model != recorded.SameModel ? "openai" : recorded.Provider)}, model: {recorded.SameModel}, price: {{ input: 1, output: 2 }} }}] }}");
            }
        }

        return config.ToString();
    }

    /// <summary>The recorded request with another model, or a small one where none was recorded.</summary>
    public static byte[] Request(RecordedCase recorded, string model)
    {
        var request = recorded.Recording.Request();
        return request is null ? Small(recorded.Wire, model, recorded.IsStream)
            : recorded.Wire == Wire.Gemini ? request
            : recorded.IsHostedClaude ? Streamed(WithModel(request, model), recorded.IsStream)
            : WithModel(request, model);
    }

    /// <summary>A request of a client of any format, of few words.</summary>
    public static byte[] Small(Wire client, string model, bool stream) => client switch
    {
        Wire.Responses => JsonSerializer.SerializeToUtf8Bytes(new { model, stream, input = "Hello." }),
        Wire.Gemini => """{"contents":[{"role":"user","parts":[{"text":"Hello."}]}]}"""u8.ToArray(),
        Wire.Chat when stream => JsonSerializer.SerializeToUtf8Bytes(new { model, max_tokens = 64, stream, stream_options = new { include_usage = true }, messages = Hello }),
        _ => JsonSerializer.SerializeToUtf8Bytes(new { model, max_tokens = 64, stream, messages = Hello }),
    };

    /// <summary>Replaces the value of the top-level member <c>model</c> and no other byte; puts one in front where there is none.</summary>
    public static byte[] WithModel(byte[] body, string model)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                return [.. body.AsSpan(0, (int)reader.TokenStartIndex), .. Encoding.UTF8.GetBytes("\"" + model + "\""), .. body.AsSpan((int)reader.BytesConsumed)];
            }
        }

        // Azure, Vertex and Bedrock have the model in the path.
        return [.. Encoding.UTF8.GetBytes("{\"model\":\"" + model + "\","), .. body.AsSpan(body.AsSpan().IndexOf((byte)'{') + 1)];
    }

    private static object[] Hello => [new { role = "user", content = "Hello." }];

    private static string GroupOf(RecordedCase recorded) => $"{recorded.Wire} {recorded.Recording.Folder.Split('/')[0]}";

    private static string ProviderOf(Wire wire, Recording recording)
    {
        var vendor = recording.Folder.Split('/')[0];
        return (wire, vendor) switch
        {
            (Wire.Messages or Wire.Gemini, "vertex") => "vertex",
            (Wire.Messages or Wire.Responses, "azure") => "azure",
            (Wire.Messages or Wire.Converse, "bedrock") => "bedrock",
            (Wire.Messages, _) => "claude",
            (Wire.Responses, _) => "openai",
            (Wire.Gemini, _) => "gemini",
            _ => "chat-" + vendor switch
            {
                "alibaba" => "qwen",
                "moonshotai" => "moonshot",
                "azure" => "openai",
                var name when Dialects.Contains(name) => name,
                _ => "generic",
            },
        };
    }

    // Other vendors' models, and Claude of old times, answer InvokeModel in wires that no client speaks.
    private static bool IsMessages(RecordedCase recorded) =>
        recorded.Recording.Meta().Text("model")!.Contains("claude", StringComparison.Ordinal)
        && (recorded.IsFramed ? EventFrames.AsMessagesStream(recorded.Body) : recorded.Body).AsSpan().IndexOf("\"usage\""u8) >= 0;

    // A server under Azure's name answers /responses with Chat's chunks.
    private static bool IsChat(Recording recording) => recording.Stream() is { } stream && stream.AsSpan().IndexOf("\"chat.completion.chunk\""u8) is >= 0 and < 500;

    // In the path there, in the body of a client.
    private static byte[] Streamed(byte[] body, bool stream) =>
        stream && body.AsSpan().IndexOf("\"stream\""u8) < 0 ? [.. "{\"stream\":true,"u8, .. body.AsSpan(1)] : body;
}
