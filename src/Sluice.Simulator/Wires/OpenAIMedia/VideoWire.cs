using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.OpenAIMedia;

/// <summary>
/// OpenAI's videos, https://platform.openai.com/docs/api-reference/videos, and EvoLink's tasks, https://docs.evolink.ai. Nothing is kept: a job's id
/// says what was asked for and by whose key, it is complete when it is first asked for, and another key hears 404.
/// </summary>
internal sealed class VideoWire : MediaWire
{
    private const string Prefix = "video_sim";
    private const string Tasks = "/tasks/";
    private const string Videos = "/videos/";

    public override WireRoute? Match(HttpRequest request)
    {
        if (MediaPath.Post(request, "/videos", "/videos/generations") is { } post)
        {
            // The key's mark goes into the job's id.
            return post with { Tail = "new/" + Mark(Credential(request)) };
        }

        var path = request.Path.Value!;
        var at = Math.Max(path.LastIndexOf(Videos, StringComparison.Ordinal), path.LastIndexOf(Tasks, StringComparison.Ordinal));
        return at < 0 || HttpMethods.IsPost(request.Method)
            ? null
            : new WireRoute(WireCall.Media) { Tail = $"{request.Method}/{Mark(Credential(request))}/{path[(path.IndexOf('/', at + 1) + 1)..]}{(path.Contains(Tasks, StringComparison.Ordinal) ? "/task" : "")}" };
    }

    public override (Prompt? Prompt, WireRefusal? Refusal) Read(JsonElement body, WireRoute route, ThinkingSignature signatures)
    {
        var parts = route.Tail!.Split('/');
        if (parts[0] != "new")
        {
            return Job.Parse(parts[2]) is { } job && job.Mark == parts[1]
                ? (new Prompt { Model = job.Model, Body = body, Inputs = parts }, null)
                : (null, new(404, Message: $"Video with id '{parts[2]}' not found."));
        }

        return (route.Model ?? body.Text("model")) is not { Length: > 0 } model ? (null, NoModel)
            : body.Text("prompt") is not { Length: > 0 } ? (null, Missing("prompt"))
            : (new Prompt { Model = model, Body = body, Inputs = parts }, null);
    }

    public override Reply Whole(Prompt prompt, Answer answer, UsageShape usage)
    {
        if (prompt.Inputs is not ["GET", _, var id, "content", ..])
        {
            return Reply.Json(Document(prompt, answer, usage));
        }

        var video = SampleMedia.Mp4(id);
        return new() { ContentType = "video/mp4", Steps = [Step.Send(video)], Length = video.Length };
    }

    public override byte[] Document(Prompt prompt, Answer answer, UsageShape usage) => Json.Bytes(w =>
    {
        var isNew = prompt.Inputs[0] == "new";
        var job = isNew
            ? new Job(prompt.Model, Number(prompt.Body, "seconds") ?? Number(prompt.Body, "duration") ?? 4, prompt.Body.Text("size") ?? "720x1280", prompt.Inputs[1])
            : Job.Parse(prompt.Inputs[2])!;
        w.WriteStartObject();
        w.WriteString("id"u8, job.ToString());
        if (prompt.Inputs[0] == "DELETE")
        {
            w.WriteString("object"u8, "video.deleted"u8);
            w.WriteBoolean("deleted"u8, value: true);
            w.WriteEndObject();
            return;
        }

        w.WriteString("object"u8, prompt.Inputs[^1] == "task" ? "video.generation.task"u8 : "video"u8);
        w.WriteString("model"u8, job.Model);
        w.WriteString("status"u8, isNew ? "queued"u8 : "completed"u8);
        w.WriteNumber("progress"u8, isNew ? 0 : 100);
        w.WriteNumber("created_at"u8, 1_700_000_000);
        w.WriteString("seconds"u8, job.Seconds.ToString(CultureInfo.InvariantCulture));
        w.WriteString("size"u8, job.Size);
        w.WriteNull("error"u8);
        w.WriteEndObject();
    });

    // The key itself must stand in no id.
    private static string Mark(string? credential) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential ?? "")))[..8];

    private sealed record Job(string Model, int Seconds, string Size, string Mark)
    {
        public static Job? Parse(string id) =>
            id.Split('_') is ["video", "sim", var mark, var seconds, var size, var model] && int.TryParse(seconds, CultureInfo.InvariantCulture, out var length)
                ? new Job(Encoding.UTF8.GetString(Convert.FromHexString(model)), length, size, mark)
                : null;

        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}_{Mark}_{Seconds}_{Size}_{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Model))}");
    }
}
