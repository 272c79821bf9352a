using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

/// <summary>Every real Chat exchange: read, written again, and read by independent code.</summary>
public sealed class ChatRecordingTests
{
    public static TheoryData<string> Whole() => Folders(r => r.Response() is not null && Status(r) == 200);

    public static TheoryData<string> Streams() => Folders(r => r.Stream() is not null);

    public static TheoryData<string> Errors() => Folders(r => Status(r) != 200);

    [Theory]
    [MemberData(nameof(Whole))]
    public void Response_ReadAndWritten_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var body = recording.Response()!;
        var dialect = ChatTestKit.DialectOf(recording);
        var expected = ChatTestKit.ReadChatResponse(body);
        var read = OpenAIChatFormat.Instance.ReadResponse(body, dialect);
        if (expected.Error is not null)
        {
            Assert.NotNull(read.Error);
            return;
        }

        Assert.Null(read.Error);
        var output = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteResponse(read.Value!, ChatTestKit.Client, new DegradationLog(), output);
        Compare(expected, ChatTestKit.ReadChatResponse(output.WrittenSpan.ToArray()), dialect);
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_Stream_ReadAndWritten_KeepsItsMeaning(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var stream = recording.Stream()!;
        var dialect = ChatTestKit.DialectOf(recording);
        var expected = ChatTestKit.ReadChatStream(stream);
        var events = ChatTestKit.ReadStream(dialect, stream);
        var collected = ChatTestKit.Collect(events);
        if (expected.Error is not null)
        {
            Assert.NotNull(collected.Error);
            return;
        }

        Assert.Null(collected.Error);
        var written = ChatTestKit.WriteStream(events);
        Assert.Null(ChatTestKit.Grammar(written));
        Compare(expected, ChatTestKit.ReadChatStream(written), dialect);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void Error_IsReadWithItsWords(string folder)
    {
        SkipWithoutData();
        var recording = new Recording(folder);
        var body = recording.Response()!;
        var status = Status(recording);
        var error = OpenAIChatFormat.Instance.ReadError(status, body);
        Assert.Equal(status, error.Status);
        Assert.DoesNotContain("no message", error.Message, StringComparison.Ordinal);
        Assert.False(error.Body.IsEmpty);
    }

    private static void Compare(Answer expected, Answer actual, ChatDialect dialect)
    {
        if (dialect.ThinkTagsInText && expected.Text.Contains("</think>", StringComparison.Ordinal))
        {
            var end = expected.Text.IndexOf("</think>", StringComparison.Ordinal);
            expected = expected with { Thinking = expected.Text[..end].Replace("<think>", "", StringComparison.Ordinal).Trim('\n'), Text = expected.Text[(end + 8)..].TrimStart('\n') };
        }

        Assert.Equal(expected.Text, actual.Text);
        Assert.Equal(expected.Thinking, actual.Thinking);
        Assert.Equal(expected.Refusal, actual.Refusal);
        Assert.Equal(expected.Calls, actual.Calls);
        var finish = expected.Finish switch
        {
            "length" => "length",
            "content_filter" => "content_filter",
            _ => expected.Calls.Count > 0 ? "tool_calls" : "stop",
        };
        Assert.Equal(finish, actual.Finish);
        if (expected.Usage is not { } counts)
        {
            return;
        }

        var usage = actual.Usage!.Value;
        var prompt = Count(counts, "prompt_tokens");
        var completion = Count(counts, "completion_tokens");
        var total = Count(counts, "total_tokens");
        Assert.Equal(prompt, Count(usage, "prompt_tokens"));
        Assert.Equal(Math.Max(total - prompt, completion), Count(usage, "completion_tokens"));
        Assert.Equal(Math.Min(prompt, Detail(counts, "prompt_tokens_details", "cached_tokens")), Detail(usage, "prompt_tokens_details", "cached_tokens"));
    }

    private static long Count(JsonElement usage, string name) =>
        usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;

    private static long Detail(JsonElement usage, string holder, string name)
    {
        if (usage.TryGetProperty(holder, out var details) && details.ValueKind == JsonValueKind.Object && details.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number)
        {
            return value.GetInt64();
        }

        return Count(usage, "cached_tokens") + Count(usage, "num_cached_tokens") + Count(usage, "cache_read_input_tokens");
    }

    private static int Status(Recording recording) =>
        recording.Meta().TryGetProperty("status", out var status) && status.ValueKind == JsonValueKind.Number
            ? status.GetInt32()
            : int.Parse("200", CultureInfo.InvariantCulture);

    private static TheoryData<string> Folders(Func<Recording, bool> wanted)
    {
        var data = new TheoryData<string>();
        foreach (var recording in SharedData.Recordings("openai-chat").Where(wanted))
        {
            data.Add(recording.Folder);
        }

        if (!SharedData.Exists)
        {
            // One row that skips, so that the gap is seen.
            data.Add("missing");
        }

        return data;
    }

    private static void SkipWithoutData()
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }
    }
}
