using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Sluice.Protocols;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;

namespace Sluice.Server.KeptAnswers;

/// <summary>
/// When two requests are the same: one key, one model, one endpoint, and one body but for white space between its tokens (the order of members
/// counts). Headers do not count, except where Sluice itself answers otherwise by them.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnswerKey
{
    private static readonly SearchValues<byte> OutsideText = SearchValues.Create("\" \t\r\n"u8);
    private static readonly SearchValues<byte> InsideText = SearchValues.Create("\"\\"u8);

    /// <summary>Whose: nobody ever gets what another key's holder was told.</summary>
    public string KeyId { get; init; }

    private readonly string _user;
    private readonly string _model;
    private readonly WireProtocol _format;
    private readonly SurfaceOperation _operation;
    private readonly string? _framing;
    private readonly bool _stream;
    private readonly bool _isOpenRouters;
    private readonly bool _strict;
    private readonly UInt128 _firstHalf;
    private readonly UInt128 _secondHalf;

    public AnswerKey(InferenceRequest request)
    {
        KeyId = request.Caller.KeyId;
        _user = request.Caller.User;
        _model = request.Envelope.Model!;
        _format = request.Surface.Format.Protocol;
        _operation = request.Surface.Operation;
        _framing = request.Surface.Framing?.MediaType;
        _stream = request.Envelope.Stream;
        _isOpenRouters = request.Surface.IsOpenRouters;
        _strict = request.Facts.Strict;
        (_firstHalf, _secondHalf) = Hash(request.Body.Bytes.Span);
    }

    private static (UInt128 First, UInt128 Second) Hash(ReadOnlySpan<byte> json)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var inText = false;
        while (!json.IsEmpty)
        {
            var at = json.IndexOfAny(inText ? InsideText : OutsideText);
            if (at < 0)
            {
                sha.AppendData(json);
                break;
            }

            var isSpace = !inText && json[at] != (byte)'"';
            var taken = Math.Min(json.Length, at + (inText && json[at] == (byte)'\\' ? 2 : 1));
            sha.AppendData(json[..(isSpace ? at : taken)]);
            inText = json[at] == (byte)'"' ? !inText : inText;
            json = json[taken..];
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        sha.GetHashAndReset(hash);
        return (MemoryMarshal.Read<UInt128>(hash), MemoryMarshal.Read<UInt128>(hash[16..]));
    }
}
