using System.Text;
using Sluice.Core.Ledger;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Journal;

/// <summary>Reads what <see cref="JournalEncoder"/> wrote. The checksum has been checked: a body that does not decode is a bug, not damage.</summary>
internal ref struct JournalDecoder(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at = 1;

    /// <summary>Decodes one record into <paramref name="batch"/>.</summary>
    /// <exception cref="InvalidDataException">A type that this version does not know: a newer one wrote the journal.</exception>
    public static void Decode(ReadOnlySpan<byte> body, LedgerBatch batch)
    {
        var decoder = new JournalDecoder(body);
        switch ((JournalRecordType)body[0])
        {
            case JournalRecordType.AttemptStarted:
                batch.Started.Add(decoder.AttemptStarted());
                break;
            case JournalRecordType.AttemptSettled:
                batch.Settled.Add(decoder.AttemptSettled());
                break;
            case JournalRecordType.MediaAttemptSettled:
                var settled = decoder.AttemptSettled();
                batch.Settled.Add(settled with { Usage = settled.Usage with { Media = decoder.Media() } });
                break;
            case JournalRecordType.RequestSettled:
                batch.Requests.Add(decoder.RequestSettled());
                break;
            default:
                throw new InvalidDataException($"The journal holds a record of type {body[0]}, which a newer version of Sluice wrote. Start that version once, stop it, then start this one.");
        }
    }

    // Object initialisers run in textual order, which is the order of the fields in the record.
    private AttemptStarted AttemptStarted() => new()
    {
        AttemptId = Required(),
        RequestId = Required(),
        Ordinal = (int)Number(),
        StartedAt = Time(),
        KeyId = Required(),
        User = Required(),
        Team = Text(),
        Project = Text(),
        Session = Text(),
        Client = Text(),
        Model = Required(),
        Provider = Required(),
        UpstreamModel = Required(),
        Credential = Text(),
        ClientProtocol = (WireProtocol)Number(),
        UpstreamProtocol = (WireProtocol)Number(),
        EstimatedInputTokens = Number(),
        EstimatedCostNanoUsd = Optional(),
    };

    private AttemptSettled AttemptSettled() => new()
    {
        AttemptId = Required(),
        EndedAt = Time(),
        Outcome = (AttemptOutcome)Number(),
        Fault = (ErrorKind?)Optional(),
        Status = (int?)Optional(),
        Message = Text(),
        UpstreamRequestId = Text(),
        FirstTokenMs = Optional(),
        Usage = Usage() with { Iterations = Iterations() },
        UsageIsEstimated = Flag(),
        CostNanoUsd = Number(),
        IsUnpriced = Flag(),
        PriceSource = Text(),
    };

    private RequestSettled RequestSettled() => new()
    {
        RequestId = Required(),
        StartedAt = Time(),
        EndedAt = Time(),
        KeyId = Required(),
        User = Required(),
        Team = Text(),
        Project = Text(),
        Session = Text(),
        Client = Text(),
        RequestedModel = Required(),
        Model = Text(),
        ClientProtocol = (WireProtocol)Number(),
        Stream = Flag(),
        Status = (int)Number(),
        Error = (ErrorKind?)Optional(),
        ErrorSource = (ErrorSource?)Optional(),
        Cause = Text(),
        Remedy = Text(),
        Route = Text(),
        Attempts = (int)Number(),
        Degraded = Text(),
        LeftOut = Text(),
        Tags = Text(),
    };

    private TokenUsage Usage() => new()
    {
        Input = Optional(),
        CacheRead = Optional(),
        CacheWrite5m = Optional(),
        CacheWrite1h = Optional(),
        Output = Optional(),
        Reasoning = Optional(),
        AudioInput = Optional(),
        AudioOutput = Optional(),
        WebSearches = Optional(),
        ServiceTier = Text(),
        ReportedCostNanoUsd = Optional(),
        IsAnomalous = Flag(),
    };

    private MediaUsage Media() => new()
    {
        ImageInput = Optional(),
        ImageOutput = Optional(),
        Images = Optional(),
        Size = Text(),
        Quality = Text(),
        AudioMilliseconds = Optional(),
        VideoMilliseconds = Optional(),
        Characters = Optional(),
        IsEstimated = Flag(),
    };

    private IReadOnlyList<UsageIteration> Iterations()
    {
        var count = Number();
        if (count == 0)
        {
            return [];
        }

        var iterations = new List<UsageIteration>();
        for (var i = 0L; i < count; i++)
        {
            iterations.Add(new UsageIteration(Required(), Text(), Usage()));
        }

        return iterations;
    }

    private DateTimeOffset Time() => new(Number(), TimeSpan.Zero);

    private bool Flag() => Number() != 0;

    private long? Optional() => Flag() ? Number() : null;

    private long Number()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _body[_at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return (long)(value >> 1) ^ -(long)(value & 1);
            }
        }
    }

    private string Required() => Text() ?? "";

    private string? Text()
    {
        var length = Number();
        if (length == 0)
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(_body.Slice(_at, (int)length - 1));
        _at += (int)length - 1;
        return text;
    }
}
