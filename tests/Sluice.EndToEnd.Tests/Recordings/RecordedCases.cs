using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>One recorded exchange with status 200, under names of its own: <see cref="SameModel"/> is served under the name that is sent, <see cref="OtherModel"/> under another.</summary>
internal sealed record RecordedCase(int Number, string Api, Recording Recording)
{
    public bool IsChat => Api == "openai-chat";

    public bool IsStream => Recording.Stream() is not null;

    public byte[] Body => Recording.Stream() ?? Recording.Response()!;

    /// <summary>Upstream and client call the model alike.</summary>
    public string SameModel => $"recorded-{Number}";

    /// <summary>The upstream knows this one as <see cref="SameModel"/>.</summary>
    public string OtherModel => $"renamed-{Number}";

    public Answer Expected => (IsChat, IsStream) switch
    {
        (true, true) => ChatAnswers.Stream(Body),
        (true, false) => ChatAnswers.Whole(Body),
        (false, true) => AnthropicAnswers.Stream(Body),
        (false, false) => AnthropicAnswers.Whole(Body),
    };

    /// <summary>The provider's habits, as a configuration would name them.</summary>
    public string Dialect => Recording.Folder.Split('/')[0] switch
    {
        "alibaba" => "qwen",
        "moonshotai" => "moonshot",
        "azure" => "openai",
        var name when RecordedCases.Dialects.Contains(name) => name,
        _ => "generic",
    };

    public ReplayAnswer Replay()
    {
        var meta = Recording.Meta();
        return new ReplayAnswer
        {
            Body = Body,
            ContentType = IsStream ? "text/event-stream; charset=utf-8" : "application/json",
            ChunkLengths = [.. meta.Items("network_chunk_lengths").Select(c => c.GetInt32())],
        };
    }
}

internal static class RecordedCases
{
    public static readonly string[] Dialects =
        ["openai", "openrouter", "deepseek", "qwen", "mistral", "groq", "xai", "zai", "moonshot", "together", "fireworks", "cerebras", "perplexity", "ollama", "vllm", "lmstudio", "generic"];

    public static readonly IReadOnlyList<RecordedCase> All =
        [.. new[] { "anthropic-messages", "openai-chat" }
            .SelectMany(api => SharedData.Recordings(api).Where(r => r.Meta().Count("status") == 200).Select(recording => (api, recording)))
            .Select((found, number) => new RecordedCase(number, found.api, found.recording))];

    /// <summary>Rows of a theory; one row that skips where the data is missing.</summary>
    public static IEnumerable<string> Folders => All.Count > 0 ? All.Select(c => c.Recording.Folder) : [""];

    public static RecordedCase Of(string folder) => All.First(c => c.Recording.Folder == folder);

    /// <summary>One provider for each dialect, one model for each recording and name.</summary>
    public static string Config(Uri simulator)
    {
        var config = new StringBuilder("providers:\n");
        config.AppendLine(ProviderPair.Provider("anthropic", "anthropic", simulator, "provider-key"));
        foreach (var dialect in Dialects)
        {
            config.AppendLine(ProviderPair.Provider("chat-" + dialect, "openai", simulator, "provider-key").Replace(" }", $", dialect: {dialect} }}", StringComparison.Ordinal));
        }

        config.AppendLine("models:");
        foreach (var recorded in All)
        {
            foreach (var model in (string[])[recorded.SameModel, recorded.OtherModel])
            {
                config.AppendLine(System.Globalization.CultureInfo.InvariantCulture,
                    $"  - {{ id: {model}, endpoints: [{{ provider: {(recorded.IsChat ? "chat-" + recorded.Dialect : "anthropic")}, model: {recorded.SameModel}, price: {{ input: 1, output: 2 }} }}] }}");
            }
        }

        return config.ToString();
    }

    /// <summary>The recorded request with another model, or a small one where none was recorded.</summary>
    public static byte[] Request(RecordedCase recorded, string model)
    {
        var request = recorded.Recording.Request();
        return request is null
            ? Small(recorded.IsChat, model, recorded.IsStream)
            : WithModel(request, model);
    }

    /// <summary>A request of a client of the other format, of few words.</summary>
    public static byte[] Small(bool chat, string model, bool stream) => Encoding.UTF8.GetBytes(
        $$"""{"model":"{{model}}","max_tokens":64,"stream":{{(stream ? "true" : "false")}}{{(chat && stream ? ",\"stream_options\":{\"include_usage\":true}" : "")}},"messages":[{"role":"user","content":"Hello."}]}""");

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

        // Azure and Vertex have the model in the path.
        return [.. Encoding.UTF8.GetBytes("{\"model\":\"" + model + "\","), .. body.AsSpan(body.AsSpan().IndexOf((byte)'{') + 1)];
    }
}
