using System.Globalization;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Core.Configuration.Schema;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing.Preferences;

/// <summary>
/// Reads the <c>provider</c> object of a request, as tolerant as OpenRouter: numbers may be strings, a sort may be a word or an object, null is
/// absent, members that nobody knows are passed over. What is left must be understood: a preference that is misread lets a request go where
/// it must not.
/// </summary>
internal ref struct PreferencesReader
{
    /// <summary>The most entries of one list.</summary>
    public const int MostEntries = 64;

    /// <summary>The longest entry of a list, in characters.</summary>
    public const int LongestEntry = 128;

    private static readonly string[] Collections = ["allow", "deny"];
    private static readonly string[] Partitions = ["model", "none"];
    private static readonly string[] Sorts = ["price", "throughput", "latency", "exacto"];

    private Utf8JsonReader _json;
    private string? _member;
    private string? _fault;

    /// <summary>The preferences, or a 400 that names the member.</summary>
    /// <param name="value">The member's value.</param>
    public static PreferencesResult Read(ReadOnlySpan<byte> value)
    {
        var reader = new PreferencesReader { _json = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 512 }) };
        try
        {
            reader._json.Read();
            var preferences = reader.Root();
            return reader._fault is null ? new PreferencesResult(preferences, null) : Refuse(reader._member, reader._fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a text.
            return Refuse(reader._member, "is no valid JSON");
        }
    }

    private static PreferencesResult Refuse(string? member, string fault)
    {
        var name = member is null ? "provider" : $"provider.{member}";
        return new PreferencesResult(ProviderPreferences.None, Refusal(name, $"`{name}` {fault}."));
    }

    internal static GatewayError Refusal(string param, string message) => new(ErrorKind.InvalidRequest, ErrorSource.Client, 400, message)
    {
        Param = param,
        ShouldRetry = false,
        Remedy = "Correct the member, or leave it out.",
    };

    private ProviderPreferences Root()
    {
        var read = ProviderPreferences.None;
        if (_json.TokenType == JsonTokenType.Null || !IsObject())
        {
            return read;
        }

        while (_fault is null && _json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            _member = _json.GetString()!;
            _json.Read();
            read = Member(read);
        }

        return read;
    }

    private ProviderPreferences Member(ProviderPreferences read)
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return read;
        }

        switch (_member)
        {
            case "order":
                return read with { Order = List() };
            case "only":
                return read with { Only = List() };
            case "ignore":
                return read with { Ignore = List() };
            case "quantizations":
                return read with { Quantizations = Words(Quantizations.Words) };
            case "allow_fallbacks":
                return read with { AllowFallbacks = Bool() };
            case "require_parameters":
                return read with { RequireParameters = Bool() };
            case "zdr":
                return read with { ZeroDataRetention = Bool() };
            case "enforce_distillable_text":
                return read with { EnforceDistillableText = Bool() };
            case "data_collection":
                return read with { DenyDataCollection = Word(Collections) == "deny" };
            case "sort":
                return Sort(read);
            case "preferred_min_throughput":
                return read with { PreferredMinThroughput = Cutoffs() };
            case "preferred_max_latency":
                return read with { PreferredMaxLatency = Cutoffs() };
            case "max_price":
                return read with { MaxPrice = Price() };
            default:
                _json.Skip();
                return read;
        }
    }

    // "price", or {"by":"price","partition":"none"}.
    private ProviderPreferences Sort(ProviderPreferences read)
    {
        if (_json.TokenType == JsonTokenType.String)
        {
            return read with { Sort = SortWord() };
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            _fault = "must be one of price, throughput, latency, exacto, or an object with by and partition";
            return read;
        }

        while (_fault is null && NextInner("sort") is { } inner)
        {
            if (inner == "by" && _json.TokenType != JsonTokenType.Null)
            {
                read = read with { Sort = SortWord() };
            }
            else if (inner == "partition" && _json.TokenType != JsonTokenType.Null)
            {
                read = read with { SortAcrossModels = Word(Partitions) == "none" };
            }
            else
            {
                _json.Skip();
            }
        }

        return read;
    }

    private RouteSort? SortWord() => Word(Sorts) switch
    {
        "price" => RouteSort.Price,
        "throughput" => RouteSort.Throughput,
        "latency" => RouteSort.Latency,
        "exacto" => RouteSort.Exacto,
        _ => null,
    };

    // 50, "50", or {"p50":50,"p90":20}.
    private Percentiles? Cutoffs()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return Number("must be a number from 0 or an object with p50, p75, p90 and p99") is { } median ? new Percentiles((double)median, null, null, null) : null;
        }

        var outer = _member!;
        var cutoffs = new Percentiles(null, null, null, null);
        while (_fault is null && NextInner(outer) is { } inner)
        {
            switch (inner)
            {
                case "p50":
                    cutoffs = cutoffs with { P50 = (double?)Number() };
                    break;
                case "p75":
                    cutoffs = cutoffs with { P75 = (double?)Number() };
                    break;
                case "p90":
                    cutoffs = cutoffs with { P90 = (double?)Number() };
                    break;
                case "p99":
                    cutoffs = cutoffs with { P99 = (double?)Number() };
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        return cutoffs;
    }

    private PriceLimit? Price()
    {
        if (!IsObject())
        {
            return null;
        }

        var limit = new PriceLimit(null, null, null, null, null);
        while (_fault is null && NextInner("max_price") is { } inner)
        {
            switch (inner)
            {
                case "prompt":
                    limit = limit with { Prompt = Number() };
                    break;
                case "completion":
                    limit = limit with { Completion = Number() };
                    break;
                case "request":
                    limit = limit with { Request = Number() };
                    break;
                case "image":
                    limit = limit with { Image = Number() };
                    break;
                case "audio":
                    limit = limit with { Audio = Number() };
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        return limit;
    }

    /// <summary>Steps to the next member of an inner object and onto its value; null at its end.</summary>
    private string? NextInner(string outer)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.PropertyName)
        {
            _member = outer;
            return null;
        }

        var inner = _json.GetString()!;
        _member = $"{outer}.{inner}";
        _json.Read();
        return inner;
    }

    private decimal? Number(string fault = "must be a number from 0")
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        decimal number;
        var isNumber = _json.TokenType == JsonTokenType.Number ? _json.TryGetDecimal(out number)
            : decimal.TryParse(_json.TokenType == JsonTokenType.String ? _json.GetString() : null, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
        _fault = isNumber && number >= 0 ? _fault : fault;
        return number;
    }

    private bool Bool()
    {
        _fault = _json.TokenType is JsonTokenType.True or JsonTokenType.False ? _fault : "must be true or false";
        return _json.TokenType == JsonTokenType.True;
    }

    private string? Word(string[] allowed)
    {
        var word = _json.TokenType == JsonTokenType.String ? _json.GetString()!.ToLowerInvariant() : null;
        if (word is not null && allowed.Contains(word, StringComparer.Ordinal))
        {
            return word;
        }

        _fault = $"must be one of {string.Join(", ", allowed)}";
        return null;
    }

    private IReadOnlyList<string> Words(IReadOnlyList<string> allowed)
    {
        var words = new List<string>();
        foreach (var word in List())
        {
            var known = word.ToLowerInvariant();
            _fault = allowed.Contains(known, StringComparer.Ordinal) ? _fault : $"may hold {string.Join(", ", allowed)}";
            words.Add(known);
        }

        return words;
    }

    private IReadOnlyList<string> List()
    {
        const string Fault = "must be an array of strings";
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            _fault = Fault;
            return [];
        }

        var list = new List<string>();
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.String)
            {
                _fault = Fault;
                return [];
            }

            list.Add(_json.GetString()!.Trim());
            if (list.Count > MostEntries || list[^1].Length > LongestEntry)
            {
                _fault = $"may hold {MostEntries} entries of {LongestEntry} characters at most";
                return [];
            }
        }

        return list;
    }

    private bool IsObject()
    {
        _fault = _json.TokenType == JsonTokenType.StartObject ? _fault : "must be an object";
        return _json.TokenType == JsonTokenType.StartObject;
    }
}

/// <summary>What was read, or what is wrong with it.</summary>
/// <param name="Preferences">Only where <paramref name="Error"/> is null.</param>
/// <param name="Error">400, naming the member.</param>
public readonly record struct PreferencesResult(ProviderPreferences Preferences, GatewayError? Error);
