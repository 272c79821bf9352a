using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Bench.Load;

/// <summary>
/// The provider of the measurement: answers Anthropic and Chat requests with prepared bytes, as cheaply as Kestrel can. What it shall do stands
/// in the request's model name: <c>whole</c>, <c>burst-EVENTS</c>, <c>slow-EVENTS-MILLISECONDS</c>, <c>idle</c>,
/// <c>left</c> (tells when the client was gone), <c>stamp</c> (tells when it sent its content), <c>hold</c> (takes the body, answers late).
/// </summary>
internal static class Upstream
{
    public static async Task<int> RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.ListenLocalhost(port);
            k.Limits.MaxRequestBodySize = null;
            k.Limits.MinResponseDataRate = null;
        });
        var app = builder.Build();
        app.Run(AnswerAsync);
        await app.RunAsync();
        return 0;
    }

    // When each client of the model "left" was seen to be gone, as Stopwatch's ticks, which all processes of a machine share.
    private static readonly Channel<long> Departures = Channel.CreateBounded<long>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });

    private static async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path == "/departures")
        {
            await http.Response.WriteAsync((await Departures.Reader.ReadAsync(http.RequestAborted)).ToString(CultureInfo.InvariantCulture));
            return;
        }

        var chat = http.Request.Path.Value!.EndsWith("completions", StringComparison.Ordinal);
        var model = await ReadModelAsync(http.Request);
        var parts = model.Split('-');
        switch (parts[0])
        {
            case "burst":
                await StreamAsync(http, chat, int.Parse(parts[1]), delay: 0);
                break;
            case "slow":
                await StreamAsync(http, chat, int.Parse(parts[1]), int.Parse(parts[2]));
                break;
            case "idle":
                await IdleAsync(http, chat);
                break;
            case "left":
                await IdleAsync(http, chat);
                Departures.Writer.TryWrite(Stopwatch.GetTimestamp());
                break;
            case "stamp":
                await StampAsync(http, chat);
                break;
            case "hold":
                await Task.Delay(Memory.HeldFor, http.RequestAborted);
                goto default;
            default:
                http.Response.ContentType = "application/json";
                var whole = chat ? Frames.ChatWhole : Frames.AnthropicWhole;
                http.Response.ContentLength = whole.Length;
                await http.Response.Body.WriteAsync(whole);
                break;
        }
    }

    private static async Task StreamAsync(HttpContext http, bool chat, int events, int delay)
    {
        Open(http);
        var (start, one, end) = Frames.Of(chat);
        var writer = http.Response.BodyWriter;
        await writer.WriteAsync(start);
        for (var i = 0; i < events; i++)
        {
            if (delay > 0)
            {
                await Task.Delay(delay, http.RequestAborted);
                await writer.WriteAsync(one);
            }
            else
            {
                one.CopyTo(writer.GetMemory(one.Length).Span);
                writer.Advance(one.Length);
                if (i % 64 == 63)
                {
                    await writer.FlushAsync();
                }
            }
        }

        await writer.WriteAsync(end);
    }

    private static async Task IdleAsync(HttpContext http, bool chat)
    {
        Open(http);
        var (start, one, end) = Frames.Of(chat);
        await http.Response.BodyWriter.WriteAsync(start);
        await http.Response.BodyWriter.WriteAsync(one);
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(60), http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        await http.Response.BodyWriter.WriteAsync(end);
    }

    // Content that says when it was sent, after a pause in which its start has long arrived.
    private static async Task StampAsync(HttpContext http, bool chat)
    {
        Open(http);
        var (start, _, end) = Frames.Of(chat);
        var writer = http.Response.BodyWriter;
        await writer.WriteAsync(start);
        await Task.Delay(20, http.RequestAborted);
        await writer.WriteAsync(Frames.Content(chat, FirstEvent.Stamp()));
        await writer.WriteAsync(end);
    }

    private static void Open(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        http.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
    }

    // The model stands in the first bytes of every body that the load generator sends; the rest is only counted.
    private static async Task<string> ReadModelAsync(HttpRequest request)
    {
        string? model = null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            if (model is null && read.Buffer.Length > 0)
            {
                var head = Encoding.UTF8.GetString(read.Buffer.FirstSpan[..Math.Min(read.Buffer.FirstSpan.Length, 200)]);
                var at = head.IndexOf("\"model\":", StringComparison.Ordinal) + 9;
                model = head[at..head.IndexOf('"', at)];
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return model ?? "whole";
            }
        }
    }
}

/// <summary>Prepared answers, of the size that real ones have.</summary>
internal static class Frames
{
    private const string Word = " lorem ipsum";

    public static readonly byte[] AnthropicWhole = Json(new
    {
        id = "msg_bench", type = "message", role = "assistant", model = "claude-bench",
        content = new[] { new { type = "text", text = string.Concat(Enumerable.Repeat(Word, 60)) } },
        stop_reason = "end_turn", stop_sequence = (string?)null,
        usage = new { input_tokens = 1200, cache_creation_input_tokens = 0, cache_read_input_tokens = 0, output_tokens = 180 },
    });

    public static readonly byte[] ChatWhole = Json(new
    {
        id = "chatcmpl-bench", @object = "chat.completion", created = 1700000000, model = "gpt-bench",
        choices = new[] { new { index = 0, message = new { role = "assistant", content = string.Concat(Enumerable.Repeat(Word, 60)) }, finish_reason = "stop" } },
        usage = new { prompt_tokens = 1200, completion_tokens = 180, total_tokens = 1380 },
    });

    private static readonly (byte[] Start, byte[] One, byte[] End) Anthropic = (
        Sse(("message_start", new { type = "message_start", message = new { id = "msg_bench", type = "message", role = "assistant", model = "claude-bench", content = Array.Empty<object>(), stop_reason = (string?)null, stop_sequence = (string?)null, usage = new { input_tokens = 1200, output_tokens = 1 } } }),
            ("content_block_start", new { type = "content_block_start", index = 0, content_block = new { type = "text", text = "" } })),
        Content(chat: false, Word),
        Sse(("content_block_stop", new { type = "content_block_stop", index = 0 }),
            ("message_delta", new { type = "message_delta", delta = new { stop_reason = "end_turn", stop_sequence = (string?)null }, usage = new { output_tokens = 180 } }),
            ("message_stop", new { type = "message_stop" })));

    private static readonly (byte[] Start, byte[] One, byte[] End) Chat = (
        Sse((null, Chunk(new { role = "assistant", content = "" }, null))),
        Content(chat: true, Word),
        [.. Sse((null, Chunk(new { }, "stop")), (null, new { id = "chatcmpl-bench", @object = "chat.completion.chunk", created = 1700000000, model = "gpt-bench", choices = Array.Empty<object>(), usage = new { prompt_tokens = 1200, completion_tokens = 180, total_tokens = 1380 } })), .. "data: [DONE]\n\n"u8]);

    public static (byte[] Start, byte[] One, byte[] End) Of(bool chat) => chat ? Chat : Anthropic;

    /// <summary>One content event with the text given.</summary>
    public static byte[] Content(bool chat, string text) => chat
        ? Sse((null, Chunk(new { content = text }, null)))
        : Sse(("content_block_delta", new { type = "content_block_delta", index = 0, delta = new { type = "text_delta", text } }));

    private static object Chunk(object delta, string? finish) => new
    {
        id = "chatcmpl-bench", @object = "chat.completion.chunk", created = 1700000000, model = "gpt-bench",
        choices = new[] { new { index = 0, delta, logprobs = (object?)null, finish_reason = finish } },
    };

    private static byte[] Sse(params (string? Event, object Data)[] frames) => Encoding.UTF8.GetBytes(string.Concat(
        frames.Select(f => (f.Event is null ? "" : $"event: {f.Event}\n") + "data: " + JsonSerializer.Serialize(f.Data) + "\n\n")));

    private static byte[] Json(object value) => JsonSerializer.SerializeToUtf8Bytes(value);
}
