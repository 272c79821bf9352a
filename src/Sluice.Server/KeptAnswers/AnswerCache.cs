using Sluice.Core.Configuration;

namespace Sluice.Server.KeptAnswers;

/// <summary>
/// Kept answers in memory, bounded by their bytes; those that were used longest ago go first. Nothing of it is written down. Two requests that miss
/// at the same time both ask and both pay. Thread-safe.
/// </summary>
internal sealed class AnswerCache
{
    // Of all that may be kept, so that one answer cannot drive out all others.
    private const int LargestShare = 8;

    private readonly Lock _lock = new();
    private readonly Dictionary<AnswerKey, LinkedListNode<(AnswerKey Key, KeptAnswer Answer)>> _answers = [];
    private readonly LinkedList<(AnswerKey Key, KeptAnswer Answer)> _byUse = new();
    private long _size;
    private long _most = new CacheSettings().MaxSize;

    /// <summary>Bytes kept now.</summary>
    public long Size
    {
        get
        {
            lock (_lock)
            {
                return _size;
            }
        }
    }

    /// <summary>Takes a changed configuration: keeps less where less is allowed, and nothing where nothing is.</summary>
    public void Reload(ConfigSnapshot snapshot)
    {
        lock (_lock)
        {
            _most = snapshot.Cache.Enabled == false ? 0 : snapshot.Cache.MaxSize;
            Shrink();
        }
    }

    /// <summary>The kept answer of any age; whoever asks knows how old it may be.</summary>
    public KeptAnswer? Find(AnswerKey key)
    {
        lock (_lock)
        {
            if (!_answers.TryGetValue(key, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value.Answer;
        }
    }

    /// <summary>Keeps an answer in the place of an earlier one; one that is too large for the whole is passed over.</summary>
    public void Keep(AnswerKey key, KeptAnswer answer)
    {
        lock (_lock)
        {
            Drop(key);
            if (answer.Size > _most / LargestShare)
            {
                return;
            }

            _answers[key] = _byUse.AddLast((key, answer));
            _size += answer.Size;
            Shrink();
        }
    }

    /// <summary>Throws an answer away.</summary>
    public void Remove(AnswerKey key)
    {
        lock (_lock)
        {
            Drop(key);
        }
    }

    private void Shrink()
    {
        while (_size > _most && _byUse.First is { } oldest)
        {
            Drop(oldest.Value.Key);
        }
    }

    private void Drop(AnswerKey key)
    {
        if (_answers.Remove(key, out var node))
        {
            _byUse.Remove(node);
            _size -= node.Value.Answer.Size;
        }
    }
}
