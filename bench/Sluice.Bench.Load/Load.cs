using System.Diagnostics;
using System.Net;
using System.Text;

namespace Sluice.Bench.Load;

/// <summary>Sends bounded load to one target and says what the target's process used for it.</summary>
internal static class Load
{
    private static readonly HttpMessageInvoker Client = new(new SocketsHttpHandler
    {
        UseProxy = false, MaxConnectionsPerServer = 20_000, AutomaticDecompression = DecompressionMethods.None, ActivityHeadersPropagator = null,
    });

    /// <summary>A request body of about <paramref name="size"/> bytes, as an agent sends it: a model, tools with schemas, and text.</summary>
    public static byte[] Body(string model, int size, bool stream, int tools)
    {
        var text = new StringBuilder(size + 512);
        text.Append("{\"model\":\"").Append(model).Append("\",\"max_tokens\":1024,\"stream\":").Append(stream ? "true" : "false");
        if (tools > 0)
        {
            var each = Math.Max(200, (size - 2000) / tools);
            text.Append(",\"tools\":[");
            for (var i = 0; i < tools; i++)
            {
                var head = $"{{\"name\":\"tool_{i}\",\"description\":\"";
                const string Tail = "\",\"input_schema\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\",\"description\":\"A path.\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"path\"]}}";
                text.Append(i == 0 ? "" : ",").Append(head).Append(Filler(Math.Max(0, each - head.Length - Tail.Length))).Append(Tail);
            }

            text.Append(']');
        }

        text.Append(",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"");
        text.Append(Filler(Math.Max(0, size - text.Length - 10))).Append("\"}]}]}");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>CPU microseconds of the target per request, at a fixed number of requests in flight.</summary>
    public static async Task<double> CpuPerRequestAsync(Target target, string path, byte[] body, int requests, int concurrency)
    {
        await RunAsync(target, path, body, Math.Max(50, requests / 5), concurrency); // warm
        var before = target.CpuMicroseconds();
        await RunAsync(target, path, body, requests, concurrency);
        return (target.CpuMicroseconds() - before) / requests;
    }

    /// <summary>The same at a fixed rate; with the latencies, in milliseconds, sorted.</summary>
    public static async Task<(double Cpu, double[] Latencies)> PacedAsync(Target target, string path, byte[] body, int perSecond, int seconds)
    {
        await RunAsync(target, path, body, perSecond, 8);
        var total = perSecond * seconds;
        var latencies = new double[total];
        var running = new Task[total];
        var before = target.CpuMicroseconds();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < total; i++)
        {
            var due = TimeSpan.FromSeconds((double)i / perSecond);
            while (clock.Elapsed < due)
            {
                await Task.Delay(1);
            }

            running[i] = TimedAsync(target, path, body, latencies, i);
        }

        await Task.WhenAll(running);
        var cpu = (target.CpuMicroseconds() - before) / total;
        Array.Sort(latencies);
        return (cpu, latencies);
    }

    /// <summary>Sends one request and reads its answer to the end; returns the body's length.</summary>
    public static async Task<long> OneAsync(Target target, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation = default, Action<ReadOnlySpan<byte>>? onRead = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(target.Address, path)) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TryAddWithoutValidation("x-api-key", target.Key ?? "none");
        request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        request.Headers.TryAddWithoutValidation("user-agent", "bench/1");
        using var response = await Client.SendAsync(request, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{target.Name} answered {(int)response.StatusCode}: " + await new StreamReader(stream).ReadToEndAsync(cancellation));
        }

        var buffer = new byte[16 * 1024];
        long length = 0;
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            onRead?.Invoke(buffer.AsSpan(0, read));
            length += read;
        }

        return length;
    }

    private static async Task TimedAsync(Target target, string path, byte[] body, double[] latencies, int index)
    {
        var from = Stopwatch.GetTimestamp();
        await OneAsync(target, path, body);
        latencies[index] = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
    }

    /// <summary>Sends a number of requests, so many at a time.</summary>
    public static async Task RunAsync(Target target, string path, byte[] body, int requests, int concurrency)
    {
        var left = requests;
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await OneAsync(target, path, body);
            }
        }));
    }

    private static string Filler(int length)
    {
        const string Words = "The quick brown fox jumps over the lazy dog while the patient reader counts tokens. ";
        var text = new StringBuilder(length + Words.Length);
        while (text.Length < length)
        {
            text.Append(Words);
        }

        return text.ToString(0, length);
    }
}
