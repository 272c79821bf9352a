using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator;

/// <summary>A form as the JSON that would say the same, so that wires read one shape: fields as texts, files as <c>{"bytes":N,"name":…}</c>.</summary>
internal static class FormBody
{
    /// <summary>The body as it is where it is no form, and an empty object where there is none.</summary>
    public static ReadOnlyMemory<byte> AsJson(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty && !HttpMethods.IsPost(request.Method))
        {
            return "{}"u8.ToArray();
        }

        if (request.ContentType is not { } type || !type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || type.IndexOf("boundary=", StringComparison.OrdinalIgnoreCase) is not (>= 0 and var at))
        {
            return body;
        }

        var parts = Parts(type[(at + "boundary=".Length)..].Split(';')[0].Trim('"', ' '), body);
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            foreach (var (name, file, bytes) in parts)
            {
                if (file is null)
                {
                    w.WriteString(name, Encoding.UTF8.GetString(bytes));
                }
                else
                {
                    w.WriteStartObject(name);
                    w.WriteString("name"u8, file);
                    w.WriteNumber("bytes"u8, bytes.Length);
                    w.WriteEndObject();
                }
            }

            w.WriteEndObject();
        });
    }

    // The framework's own reader, so that what Sluice forwards is read by other code than Sluice's.
    private static List<(string Name, string? File, byte[] Bytes)> Parts(string boundary, ReadOnlyMemory<byte> body)
    {
        var reader = new MultipartReader(boundary, new MemoryStream(body.ToArray()));
        var parts = new List<(string, string?, byte[])>();
#pragma warning disable VSTHRD002, VSTHRD103 // The stream is memory: nothing is ever waited for.
        while (reader.ReadNextSectionAsync().GetAwaiter().GetResult() is { } section)
        {
            using var bytes = new MemoryStream();
            section.Body.CopyTo(bytes);
            if (section.GetContentDispositionHeader() is { } disposition)
            {
                var file = disposition.FileName.Value ?? disposition.FileNameStar.Value;
                parts.Add((disposition.Name.Value?.Trim('"') ?? "", file?.Trim('"'), bytes.ToArray()));
            }
        }
#pragma warning restore VSTHRD002, VSTHRD103

        return parts;
    }
}
