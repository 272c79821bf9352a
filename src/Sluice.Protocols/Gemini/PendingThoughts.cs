using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Gemini;

/// <summary>Proofs of thinking that wait for the next part: in Gemini's format the part behind the thinking carries them.</summary>
internal sealed class PendingThoughts
{
    private readonly List<ThinkingPart> _foreign = [];
    private string? _own;

    /// <summary>Takes note of finished thinking; without a proof it changes nothing.</summary>
    public void Add(ThinkingPart thinking)
    {
        if (thinking.SignedBy != WireProtocol.Gemini)
        {
            _foreign.Add(thinking);
        }
        else if (!string.IsNullOrEmpty(thinking.Signature))
        {
            _own = thinking.Signature;
        }
    }

    /// <summary>The <c>thoughtSignature</c> of the part that is written now; null where nothing waits.</summary>
    /// <param name="part">The part itself, which may have a signature of its own.</param>
    public string? Take(ContentPart? part = null)
    {
        if (part?.Signature is { Length: > 0 } signature)
        {
            if (part.SignedBy == WireProtocol.Gemini)
            {
                _own = signature;
            }
            else
            {
                _foreign.Add(new ThinkingPart("") { Signature = signature, SignedBy = part.SignedBy });
            }
        }

        var taken = _own ?? CarriedThinking.Wrap(_foreign);
        _own = null;
        _foreign.Clear();
        return taken;
    }
}
