// More than 500 lines: one pass over a body, member by member, and every member is small.
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Native;

/// <summary>What a scan found: the envelope, or what is wrong with the body.</summary>
/// <param name="Envelope">Null when <paramref name="Error"/> is set.</param>
/// <param name="Error"><see cref="ErrorKind.InvalidRequest"/> with the member's name in <see cref="UpstreamError.Param"/> where one is at fault.</param>
public readonly record struct EnvelopeResult(Envelope? Envelope, UpstreamError? Error);

/// <summary>Finds in one forward pass over a request body what routing needs, without building anything from it. Never throws.</summary>
public static class EnvelopeScanner
{
    // Longest member name that the scanner compares, escaped to the last letter: "stop_server_tools_when" in \uXXXX.
    private const int LongestName = 192;
    private const int LongestSession = 256;
    private const int MostFallbacks = 32;

    // metadata.user_id of agents is a few hundred bytes; larger objects are not searched.
    private const int LargestMetadata = 16 * 1024;

    /// <summary>Scans one body.</summary>
    /// <param name="protocol">The format that the client's path names.</param>
    /// <param name="body">The whole body.</param>
    public static EnvelopeResult Scan(WireProtocol protocol, ReadOnlyMemory<byte> body)
    {
        var bytes = body.Span;
        var wide = 0;
        if (!Ascii.IsValid(bytes))
        {
            if (!Utf8.IsValid(bytes))
            {
                return Invalid("The request body is not valid UTF-8.");
            }

            wide = bytes.Length - Encoding.UTF8.GetCharCount(bytes);
        }

        var scan = new Pass(WireFormats.Client(protocol), bytes);
        return scan.Run() is { } error ? new EnvelopeResult(null, error) : new EnvelopeResult(scan.ToEnvelope(wide), null);
    }

    private static EnvelopeResult Invalid(string message, string? param = null) => new(null, Fault(message, param));

    private static UpstreamError Fault(string message, string? param = null) =>
        new(ErrorKind.InvalidRequest, message) { Status = 400, Type = "invalid_request_error", Param = param };

    private ref struct Pass(IClientFormat format, ReadOnlySpan<byte> body)
    {
        private readonly ReadOnlySpan<byte> _body = body;
        private JsonWalk _walk = new(body);
        private TokenEstimate _tokens;
        private int _bodyStart;
        private int _members;
        private string? _model;
        private BodySpan _modelValue;
        private bool _stream;
        private bool _streamSeen;
        private int _messages;
        private int _tools;
        private int _toolBytes;
        private BodySpan _toolsValue;
        private int _images;
        private int _documents;
        private int _foreignProofs;
        private bool _thinking;
        private RequestParameters _parameters;
        private bool _continues;
        private int _cacheMarks;
        private long? _maxTokens;
        private long? _maxCompletionTokens;
        private long? _choices;
        private string? _session;
        private string? _cacheKey;
        private OpeningSpans _opening;
        private BodySpan _streamOptions;
        private bool _includeUsage;
        private BodySpan _tierValue;
        private string? _tier;
        private string? _speed;
        private List<EnvelopeMember>? _gateway;
        private List<string>? _fallbacks;

        /// <summary>Walks the body; null when it is well formed.</summary>
        public UpstreamError? Run()
        {
            if (_walk.PeekToken() != '{')
            {
                return Fault("The request body must be a JSON object.");
            }

            _bodyStart = _walk.Position++;
            if (_walk.PeekToken() == '}')
            {
                _walk.Position++;
                return Trailing();
            }

            while (true)
            {
                if (Member() is { } error)
                {
                    return error;
                }

                switch (_walk.PeekToken())
                {
                    case ',':
                        _walk.Position++;
                        continue;
                    case '}':
                        _walk.Position++;
                        return Trailing();
                    case -1:
                        return Broken("A bracket is not closed.");
                    default:
                        return Broken($"Expected a comma or a closing brace at byte {_walk.Position}.");
                }
            }
        }

        public readonly Envelope ToEnvelope(int wideBytes) => new()
        {
            Protocol = format.Protocol,
            Model = _model,
            ModelValue = _modelValue,
            Stream = _stream,
            MessageCount = _messages,
            ToolCount = _tools,
            ToolBytes = _toolBytes,
            ToolsValue = _toolsValue,
            HasImages = _images > 0,
            HasDocuments = _documents > 0,
            HasForeignProofs = _foreignProofs > 0,
            WantsThinking = _thinking,
            Parameters = _parameters,
            ContinuesAnswer = _continues,
            CacheMarks = _cacheMarks,
            // Both go out natively, and not every server knows both: it may write the larger.
            MaxOutputTokens = _maxCompletionTokens is { } newer && _maxTokens is { } older ? Math.Max(newer, older) : _maxCompletionTokens ?? _maxTokens,
            Choices = Math.Max(1, _choices ?? 1),
            SessionId = _session ?? _cacheKey,
            Opening = _opening,
            IncludeStreamUsage = _includeUsage,
            StreamOptions = _streamOptions,
            ServiceTier = _tier,
            ServiceTierValue = _tierValue,
            Speed = _speed,
            BodyStart = _bodyStart,
            MemberCount = _members,
            GatewayMembers = _gateway ?? (IReadOnlyList<EnvelopeMember>)[],
            FallbackModels = _fallbacks ?? (IReadOnlyList<string>)[],
            EstimatedInputTokens = _tokens.Total(wideBytes, _images, _documents, format.IsClaudes || (_model?.Contains("claude", StringComparison.OrdinalIgnoreCase) ?? false)),
        };

        private UpstreamError? Member()
        {
            if (_walk.PeekToken() != '"')
            {
                return Broken($"Expected a member name at byte {_walk.Position}.");
            }

            _walk.Counts = default;
            var name = _walk.String();
            if (_walk.Fault is { } fault)
            {
                return Broken(fault);
            }

            if (_walk.PeekToken() != ':')
            {
                return Broken($"Expected a colon at byte {_walk.Position}.");
            }

            _walk.Position++;
            if (_walk.PeekToken() < 0)
            {
                return Broken("A bracket is not closed.");
            }

            _walk.Counts = default;
            var value = _walk.Value();
            if (_walk.Fault is { } valueFault)
            {
                return Broken(valueFault);
            }

            _members++;
            _cacheMarks += _walk.Counts.CacheMarks;
            var key = _body.Slice(name.Start + 1, name.Length - 2);
            if (key.IndexOf((byte)'\\') < 0)
            {
                return Known(key, name, value);
            }

            // "mod\u0065l" is "model" to whoever parses the body after us.
            Span<byte> unescaped = stackalloc byte[LongestName];
            var length = JsonText.Unescape(_body.Slice(name.Start, name.Length), unescaped);
            return length < 0 ? null : Known(unescaped[..length], name, value);
        }

        private UpstreamError? Known(scoped ReadOnlySpan<byte> key, BodySpan name, BodySpan value)
        {
            var bytes = _body.Slice(value.Start, value.Length);
            _parameters |= ParameterTable.Asked(format.Parameters.Of(key), bytes);
            switch (format.MeaningOf(key))
            {
                case MemberMeaning.Model:
                    return Model(bytes, value);
                case MemberMeaning.Stream:
                    return Stream(bytes);
                case MemberMeaning.Messages:
                    return Messages(key, bytes, value);
                case MemberMeaning.MessagesOrOne:
                    return Messages(key, bytes, value, single: bytes[0] == (byte)'{');
                case MemberMeaning.Input:
                    return Input(key, bytes, value);
                case MemberMeaning.Tools:
                    _toolsValue = value;
                    _tools += bytes[0] == (byte)'[' ? _walk.Counts.Elements : 0;
                    _toolBytes += bytes[0] == (byte)'[' ? value.Length : 0;
                    _tokens.AddTools(_walk.Counts, value.Length);
                    return null;
                case MemberMeaning.System:
                    _opening = _opening with { System = value };
                    _tokens.AddMessages(_walk.Counts, 1);
                    return null;
                case MemberMeaning.OutputLimit:
                    _maxTokens = Integer(bytes);
                    return null;
                case MemberMeaning.PreferredOutputLimit:
                    _maxCompletionTokens = Integer(bytes);
                    return null;
                case MemberMeaning.Choices:
                    _choices = Integer(bytes);
                    return null;
                case MemberMeaning.Thinking:
                    _thinking |= bytes[0] == (byte)'{' && JsonText.StringMember(bytes, "type"u8) is { } type && type != "disabled";
                    return null;
                case MemberMeaning.ReasoningEffort:
                    _thinking |= bytes[0] == (byte)'"' && !bytes.SequenceEqual("\"none\""u8);
                    return null;
                case MemberMeaning.Reasoning:
                    _thinking |= bytes[0] == (byte)'{' && JsonText.StringMember(bytes, "effort"u8) != "none" && !IsSwitchedOff(bytes);
                    return null;
                case MemberMeaning.Metadata:
                    ReadMetadata(bytes);
                    return null;
                case MemberMeaning.CacheControl:
                    _cacheMarks += bytes[0] == (byte)'{' ? 1 : 0;
                    return null;
                case MemberMeaning.Continuation:
                    _continues |= bytes[0] is (byte)'"' or (byte)'{';
                    return null;
                case MemberMeaning.CacheKey:
                    _cacheKey = Bounded(bytes);
                    return null;
                case MemberMeaning.StreamOptions:
                    if (_streamOptions.Exists)
                    {
                        return Fault("`stream_options` is given twice.", "stream_options");
                    }

                    _streamOptions = value;
                    _includeUsage = HasTrue(bytes, "include_usage"u8);
                    return null;
                case MemberMeaning.ServiceTier:
                    return ServiceTier(key, bytes, value);
                case MemberMeaning.Speed:
                    _speed = Bounded(bytes);
                    return null;
                case MemberMeaning.OutputShape:
                    _tokens.AddTools(_walk.Counts, value.Length);
                    return null;
                case MemberMeaning.GenerationConfig:
                    ReadGenerationConfig(bytes);
                    return null;
                default:
                    return Gateway(key, name, value);
            }
        }

        private UpstreamError? Model(ReadOnlySpan<byte> bytes, BodySpan value)
        {
            if (_modelValue.Exists)
            {
                return Fault("`model` is given twice.", "model");
            }

            _modelValue = value;
            _model = bytes[0] == (byte)'"' ? JsonText.Unescape(bytes) : null;
            return _model is null ? Fault("`model` must be a string.", "model") : null;
        }

        private UpstreamError? Stream(ReadOnlySpan<byte> bytes)
        {
            if (_streamSeen)
            {
                return Fault("`stream` is given twice.", "stream");
            }

            _streamSeen = true;
            _stream = bytes.SequenceEqual("true"u8);
            return _stream || bytes.SequenceEqual("false"u8) || bytes.SequenceEqual("null"u8) ? null : Fault("`stream` must be a boolean.", "stream");
        }

        private UpstreamError? ServiceTier(scoped ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes, BodySpan value)
        {
            if (_tierValue.Exists)
            {
                var name = Encoding.UTF8.GetString(key);
                return Fault($"`{name}` is given twice.", name);
            }

            _tierValue = value;
            _tier = Bounded(bytes)?.ToLowerInvariant();
            return null;
        }

        private UpstreamError? Messages(scoped ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes, BodySpan value, bool single = false)
        {
            if (bytes[0] != (byte)'[' && !single)
            {
                var name = Encoding.UTF8.GetString(key);
                return Fault($"`{name}` must be an array.", name);
            }

            var first = _walk.Counts.First;
            _opening = _opening with { First = single ? value : first[0], Second = first[1], Third = first[2], Fourth = first[3] };
            var count = single ? 1 : _walk.Counts.Elements;
            _messages += count;
            _images += _walk.Counts.Images;
            _documents += _walk.Counts.Documents;
            _foreignProofs += _walk.Counts.ForeignProofs;
            _tokens.AddMessages(_walk.Counts, count);
            return null;
        }

        // One turn as a text, or items; a call and its result are items of their own.
        private UpstreamError? Input(scoped ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes, BodySpan value)
        {
            if (bytes[0] != (byte)'"')
            {
                return bytes[0] == (byte)'[' ? Messages(key, bytes, value) : Fault("`input` must be a string or an array.", "input");
            }

            _messages++;
            _opening = _opening with { First = value };
            _tokens.AddMessages(_walk.Counts, 1);
            return null;
        }

        // {"maxOutputTokens":8192,"thinkingConfig":{"thinkingBudget":1024},"responseSchema":{…}}
        private void ReadGenerationConfig(ReadOnlySpan<byte> bytes)
        {
            try
            {
                var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth });
                if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                {
                    return;
                }

                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var parameter = reader.ValueIsEscaped ? RequestParameters.None : format.Parameters.Of(reader.ValueSpan);
                    var limit = reader.ValueTextEquals("maxOutputTokens"u8) || reader.ValueTextEquals("max_output_tokens"u8);
                    var choices = reader.ValueTextEquals("candidateCount"u8) || reader.ValueTextEquals("candidate_count"u8);
                    var thinking = reader.ValueTextEquals("thinkingConfig"u8) || reader.ValueTextEquals("thinking_config"u8);
                    var schema = reader.ValueTextEquals("responseSchema"u8) || reader.ValueTextEquals("response_schema"u8)
                        || reader.ValueTextEquals("responseJsonSchema"u8) || reader.ValueTextEquals("response_json_schema"u8);
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    var value = bytes[start..(int)reader.BytesConsumed];
                    _parameters |= parameter == RequestParameters.Reasoning && !GeminiThinks(value) ? RequestParameters.None : ParameterTable.Asked(parameter, value);
                    if (limit)
                    {
                        // Google's servers take whole numbers as strings too.
                        _maxTokens = Integer(value.Trim((byte)'"'));
                    }
                    else if (choices)
                    {
                        _choices = Integer(value.Trim((byte)'"'));
                    }
                    else if (thinking)
                    {
                        _thinking |= GeminiThinks(value);
                    }
                    else if (schema)
                    {
                        _tokens.AddTools(default, value.Length);
                    }
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Broken inside: the upstream says so in its own words.
            }
        }

        // A level, a budget that is not 0, or thoughts to be shown.
        private static bool GeminiThinks(ReadOnlySpan<byte> config)
        {
            var thinks = false;
            var reader = new Utf8JsonReader(config);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }

                var budget = reader.ValueTextEquals("thinkingBudget"u8) || reader.ValueTextEquals("thinking_budget"u8);
                var level = reader.ValueTextEquals("thinkingLevel"u8) || reader.ValueTextEquals("thinking_level"u8);
                var shown = reader.ValueTextEquals("includeThoughts"u8) || reader.ValueTextEquals("include_thoughts"u8);
                reader.Read();
                if (budget && reader.TokenType is JsonTokenType.Number or JsonTokenType.String && reader.ValueSpan.SequenceEqual("0"u8))
                {
                    return false;
                }

                thinks |= budget || (level && reader.TokenType == JsonTokenType.String) || (shown && reader.TokenType == JsonTokenType.True);
            }

            return thinks;
        }

        private UpstreamError? Gateway(scoped ReadOnlySpan<byte> key, BodySpan name, BodySpan value)
        {
            if (GatewayMembers.Find(format.GatewayMembers, key) is not { } known)
            {
                return null;
            }

            _gateway ??= [];
            foreach (var member in _gateway)
            {
                if (member.Name == known)
                {
                    return Fault($"`{known}` is given twice.", known);
                }
            }

            var bytes = _body.Slice(value.Start, value.Length);
            _gateway.Add(new EnvelopeMember(known, new BodySpan(name.Start, value.End - name.Start), value));
            switch (known)
            {
                case "speed":
                    _speed = Bounded(bytes);
                    break;
                case "session_id":
                    _session = Bounded(bytes) ?? _session;
                    break;
                case "models" or "fallbacks":
                    ReadFallbacks(bytes);
                    break;
            }

            return null;
        }

        // ["a/b", …], or OpenRouter's [{"model":"a/b"}, …].
        private void ReadFallbacks(ReadOnlySpan<byte> bytes)
        {
            try
            {
                var reader = new Utf8JsonReader(bytes);
                var named = false;
                while (reader.Read())
                {
                    if (reader.TokenType == JsonTokenType.PropertyName)
                    {
                        named = reader.CurrentDepth == 2 && reader.ValueTextEquals("model"u8);
                    }
                    else if (reader.TokenType == JsonTokenType.String && (reader.CurrentDepth == 1 || (reader.CurrentDepth == 2 && named)) && (_fallbacks?.Count ?? 0) < MostFallbacks)
                    {
                        (_fallbacks ??= []).Add(reader.GetString()!);
                    }
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // The list is broken inside: routing goes by what could be read, and the member never reaches a model vendor.
            }
        }

        // {"user_id":"{\"session_id\":\"…\"}"}, or the older "user_…_account_…_session_<uuid>".
        private void ReadMetadata(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > LargestMetadata || JsonText.StringMember(bytes, "user_id"u8) is not { } user)
            {
                return;
            }

            const string Marker = "_session_";
            if (user.StartsWith('{'))
            {
                _session ??= Bounded(JsonText.StringMember(Encoding.UTF8.GetBytes(user), "session_id"u8));
            }
            else if (user.LastIndexOf(Marker, StringComparison.Ordinal) is >= 0 and var at)
            {
                _session ??= Bounded(user[(at + Marker.Length)..]);
            }
        }

        private UpstreamError? Trailing() => _walk.PeekToken() < 0 ? null : Broken($"Bytes follow the JSON object at byte {_walk.Position}.");

        private static UpstreamError Broken(string what) => Fault("The request body is not valid JSON. " + what);

        private static string? Bounded(ReadOnlySpan<byte> bytes) =>
            bytes[0] == (byte)'"' && bytes.Length <= LongestSession * 6 ? Bounded(JsonText.Unescape(bytes)) : null;

        private static string? Bounded(string? text) => text is { Length: > 0 and <= LongestSession } ? text : null;

        private static long? Integer(ReadOnlySpan<byte> bytes) =>
            Utf8Parser.TryParse(bytes, out long number, out var used) && used == bytes.Length ? number : null;

        private static bool IsSwitchedOff(ReadOnlySpan<byte> bytes) => HasScalar(bytes, "enabled"u8, JsonTokenType.False);

        private static bool HasTrue(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name) => HasScalar(bytes, name, JsonTokenType.True);

        private static bool HasScalar(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name, JsonTokenType wanted)
        {
            try
            {
                var reader = new Utf8JsonReader(bytes);
                while (reader.Read())
                {
                    if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals(name) && reader.Read() && reader.TokenType == wanted)
                    {
                        return true;
                    }
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Broken inside: the upstream says so in its own words.
            }

            return false;
        }
    }
}
