using System.Text;
using Sluice.Core.Ledger;
using Sluice.Protocols.Conversation;

namespace Sluice.Storage.Journal;

/// <summary>
/// Writes ledger records as frames: fields in declared order, integers as variable-length, texts as UTF-8 behind their length plus one
/// (0 is null). A record type's layout never changes; a new layout is a new <see cref="JournalRecordType"/>, since a newer version of the
/// program reads what an older one left.
/// </summary>
internal sealed class JournalEncoder
{
    // The contract bounds every text below this; cut here, one wrong caller could make a record that the reader refuses.
    private const int MaxTextChars = 32 * 1024;

    private byte[] _buffer = new byte[1024];
    private int _length;

    public ReadOnlySpan<byte> Encode(AttemptStarted record)
    {
        Begin(JournalRecordType.AttemptStarted);
        Text(record.AttemptId);
        Text(record.RequestId);
        Number(record.Ordinal);
        Time(record.StartedAt);
        Text(record.KeyId);
        Text(record.User);
        Text(record.Team);
        Text(record.Project);
        Text(record.Session);
        Text(record.Client);
        Text(record.Model);
        Text(record.Provider);
        Text(record.UpstreamModel);
        Text(record.Credential);
        Number((long)record.ClientProtocol);
        Number((long)record.UpstreamProtocol);
        Number(record.EstimatedInputTokens);
        Optional(record.EstimatedCostNanoUsd);
        return End();
    }

    public ReadOnlySpan<byte> Encode(AttemptSettled record)
    {
        Begin(record.Usage.Media is null ? JournalRecordType.AttemptSettled : JournalRecordType.MediaAttemptSettled);
        Text(record.AttemptId);
        Time(record.EndedAt);
        Number((long)record.Outcome);
        Optional((long?)record.Fault);
        Optional(record.Status);
        Text(record.Message);
        Text(record.UpstreamRequestId);
        Optional(record.FirstTokenMs);
        Usage(record.Usage);
        Number(record.Usage.Iterations.Count);
        foreach (var iteration in record.Usage.Iterations)
        {
            Text(iteration.Type);
            Text(iteration.Model);
            Usage(iteration.Usage);
        }

        Flag(record.UsageIsEstimated);
        Number(record.CostNanoUsd);
        Flag(record.IsUnpriced);
        Text(record.PriceSource);
        if (record.Usage.Media is { } media)
        {
            Media(media);
        }

        return End();
    }

    public ReadOnlySpan<byte> Encode(RequestSettled record)
    {
        Begin(JournalRecordType.RequestSettled);
        Text(record.RequestId);
        Time(record.StartedAt);
        Time(record.EndedAt);
        Text(record.KeyId);
        Text(record.User);
        Text(record.Team);
        Text(record.Project);
        Text(record.Session);
        Text(record.Client);
        Text(record.RequestedModel);
        Text(record.Model);
        Number((long)record.ClientProtocol);
        Flag(record.Stream);
        Number(record.Status);
        Optional((long?)record.Error);
        Optional((long?)record.ErrorSource);
        Text(record.Cause);
        Text(record.Remedy);
        Text(record.Route);
        Number(record.Attempts);
        Text(record.Degraded);
        Text(record.LeftOut);
        Text(record.Tags);
        return End();
    }

    private void Begin(JournalRecordType type)
    {
        _length = JournalFrame.HeaderLength;
        Reserve(1);
        _buffer[_length++] = (byte)type;
    }

    private ReadOnlySpan<byte> End()
    {
        var frame = _buffer.AsSpan(0, _length);
        JournalFrame.WriteHeader(frame);
        return frame;
    }

    private void Usage(TokenUsage usage)
    {
        Optional(usage.Input);
        Optional(usage.CacheRead);
        Optional(usage.CacheWrite5m);
        Optional(usage.CacheWrite1h);
        Optional(usage.Output);
        Optional(usage.Reasoning);
        Optional(usage.AudioInput);
        Optional(usage.AudioOutput);
        Optional(usage.WebSearches);
        Text(usage.ServiceTier);
        Optional(usage.ReportedCostNanoUsd);
        Flag(usage.IsAnomalous);
    }

    private void Media(MediaUsage media)
    {
        Optional(media.ImageInput);
        Optional(media.ImageOutput);
        Optional(media.Images);
        Text(media.Size);
        Text(media.Quality);
        Optional(media.AudioMilliseconds);
        Optional(media.VideoMilliseconds);
        Optional(media.Characters);
        Flag(media.IsEstimated);
    }

    private void Time(DateTimeOffset time) => Number(time.UtcTicks);

    private void Flag(bool flag) => Number(flag ? 1 : 0);

    private void Optional(long? value)
    {
        Flag(value is not null);
        if (value is { } number)
        {
            Number(number);
        }
    }

    private void Number(long value)
    {
        Reserve(10);
        var rest = (ulong)((value << 1) ^ (value >> 63));
        while (rest >= 0x80)
        {
            _buffer[_length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        _buffer[_length++] = (byte)rest;
    }

    private void Text(string? text)
    {
        if (text is null)
        {
            Number(0);
            return;
        }

        var chars = text.AsSpan(0, Math.Min(text.Length, MaxTextChars));
        var bytes = Encoding.UTF8.GetByteCount(chars);
        Number(bytes + 1L);
        Reserve(bytes);
        _length += Encoding.UTF8.GetBytes(chars, _buffer.AsSpan(_length));
    }

    private void Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }
    }
}
