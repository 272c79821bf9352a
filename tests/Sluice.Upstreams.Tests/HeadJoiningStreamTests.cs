using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace Sluice.Upstreams.Tests;

/// <summary>The real handler writes into a connection that counts writes and answers each request once all of it has come.</summary>
public sealed class HeadJoiningStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    // Around every size that something is decided by: the handler's buffer of 4 KB with and without the head in it, and what is joined at most.
    public static TheoryData<int> Sizes => [0, 1, 4, 100, 3_500, 3_900, 3_950, 4_000, 4_050, 4_095, 4_096, 4_097, 5_000, 8_192, 16_000, 32_768];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Post_SmallBody_GoesWithItsHeadInOneWriteOnEveryUseOfAConnection(int size)
    {
        using var connection = new CountingConnection();
        using var client = Client(connection);
        for (var i = 1; i <= 3; i++)
        {
            var body = Body(size, (char)('a' + i));

            Assert.Equal(HttpStatusCode.OK, await PostAsync(client, [Encoding.ASCII.GetBytes(body)]));

            Assert.EndsWith($"Content-Length: {size}\r\n\r\n{body}", connection.Requests[^1], StringComparison.Ordinal);
            Assert.Equal(i, connection.Writes);
        }
    }

    [Fact]
    public async Task Post_SmallBodyInPieces_GoesWithItsHeadInOneWrite()
    {
        using var connection = new CountingConnection();
        using var client = Client(connection);
        var body = Body(9_000, 'x');

        await PostAsync(client, [Encoding.ASCII.GetBytes(body[..3_000]), Encoding.ASCII.GetBytes(body[3_000..3_010]), Encoding.ASCII.GetBytes(body[3_010..])]);

        Assert.EndsWith("\r\n\r\n" + body, connection.Requests[^1], StringComparison.Ordinal);
        Assert.Equal(1, connection.Writes);
    }

    [Fact]
    public async Task Post_LargeBody_IsNotCopied()
    {
        using var connection = new CountingConnection();
        using var client = Client(connection);
        var body = Body(32_769, 'x');

        await PostAsync(client, [Encoding.ASCII.GetBytes(body)]);

        Assert.EndsWith("\r\n\r\n" + body, connection.Requests[^1], StringComparison.Ordinal);
        Assert.Equal(2, connection.Writes);
    }

    [Fact]
    public async Task Get_BetweenPosts_IsNotHeld()
    {
        using var connection = new CountingConnection();
        using var client = Client(connection);
        await PostAsync(client, [Encoding.ASCII.GetBytes(Body(5_000, 'x'))]);

        using var request = new HttpRequestMessage(HttpMethod.Get, "http://provider.invalid/v1/models");
        using var answer = await client.SendAsync(request, Token);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, connection.Writes);
    }

    // A head never ends like this, and a short body must not be taken for the end of one.
    [Theory]
    [InlineData("\r\n\r\n")]
    [InlineData("\n")]
    public async Task Post_BodyThatLooksLikeTheEndOfAHead_IsSent(string body)
    {
        using var connection = new CountingConnection();
        using var client = Client(connection);

        Assert.Equal(HttpStatusCode.OK, await PostAsync(client, [Encoding.ASCII.GetBytes(body)]));

        Assert.EndsWith("\r\n\r\n" + body, connection.Requests[^1], StringComparison.Ordinal);
    }

    private static string Body(int size, char letter) => new(letter, size);

    private static HttpMessageInvoker Client(CountingConnection connection) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = (_, _) => new ValueTask<Stream>(connection),
        PlaintextStreamFilter = static (plain, _) => new ValueTask<Stream>(new HeadJoiningStream(plain.PlaintextStream)),
    });

    private static async Task<HttpStatusCode> PostAsync(HttpMessageInvoker client, ReadOnlyMemory<byte>[] pieces)
    {
        using var content = new PieceContent(pieces);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://provider.invalid/v1/messages") { Content = content };
        using var answer = await client.SendAsync(request, Token);
        return answer.StatusCode;
    }

    private sealed class CountingConnection : Stream
    {
        private readonly Pipe _answers = new();
        private readonly StringBuilder _request = new();

        public int Writes { get; private set; }

        public List<string> Requests { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            _request.Append(Encoding.ASCII.GetString(buffer.Span));
            var request = _request.ToString();
            var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            var length = request.IndexOf("Content-Length: ", StringComparison.Ordinal) is >= 0 and var at
                ? int.Parse(request.AsSpan((at + 16)..request.IndexOf("\r\n", at, StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture)
                : 0;
            if (end >= 4 && request.Length == end + length)
            {
                Requests.Add(request);
                _request.Clear();
                await _answers.Writer.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellationToken);
            }
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await _answers.Reader.ReadAsync(cancellationToken);
            var length = (int)Math.Min(buffer.Length, read.Buffer.Length);
            var taken = read.Buffer.Slice(0, length);
            var at = 0;
            foreach (var piece in taken)
            {
                piece.CopyTo(buffer[at..]);
                at += piece.Length;
            }

            _answers.Reader.AdvanceTo(taken.End);
            return length;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
