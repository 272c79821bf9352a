using Microsoft.AspNetCore.Http;
using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Reasoning;
using Sluice.Core.Routing;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Admission;
using Sluice.Server.Budgets;
using Sluice.Server.Detached;
using Sluice.Server.Identity;
using Sluice.Server.Ingress;
using Sluice.Server.KeptAnswers;
using Sluice.Server.Routing;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Attempts;

/// <summary>One client request on its way through the pipeline. Belongs to one request; not thread-safe.</summary>
internal sealed class InferenceRequest : IDisposable
{
    /// <summary>The connection's side.</summary>
    public required HttpContext Http { get; init; }

    /// <summary>How the client speaks.</summary>
    public required Surface Surface { get; init; }

    /// <summary>The configuration, read once.</summary>
    public required ConfigSnapshot Snapshot { get; init; }

    /// <summary>Who.</summary>
    public required Caller Caller { get; init; }

    /// <summary>The <c>gen-…</c> id.</summary>
    public required string Id { get; init; }

    /// <summary>UTC.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The body as it came; retries write from it.</summary>
    public required PooledBody Body { get; init; }

    /// <summary>What attempts write from: the body, or what is left of it.</summary>
    public ReadOnlyMemory<byte> Text => ShorterBodies is [.., var shortest] ? shortest.Body.Bytes : Body.Bytes;

    /// <summary>The body without its middle; each shorter than the one before it. They live as long as the request: an attempt may still be sending an earlier one.</summary>
    public IReadOnlyList<ShortenedBody> ShorterBodies { get; private set; } = [];

    /// <summary>Whether it may be shortened.</summary>
    public Shortens Shortens { get; init; }

    /// <summary>What routing needs of <see cref="Text"/>.</summary>
    public required Envelope Envelope { get; set; }

    /// <summary>What the headers say.</summary>
    public required ClientFacts Facts { get; init; }

    /// <summary>Where it may go.</summary>
    public required Plan Plan { get; init; }

    /// <summary>What it asks and holds of limits; null where nothing is limited.</summary>
    public RequestAdmission? Admission { get; set; }

    /// <summary>What it holds of budgets; null where there are none.</summary>
    public RequestBudget? Budget { get; set; }

    /// <summary>Every attempt so far, in order.</summary>
    public List<Attempt> Attempts { get; } = [];

    /// <summary>Candidates that were not asked when their turn came, each once.</summary>
    public List<PassedOver> PassedOver { get; } = [];

    /// <summary>The attempt that stands for the request: the last that neither failed nor was too slow, else the last; null before the first.</summary>
    public Attempt? Last => Attempts.FindLast(static a => a is { Fault: null, Lost: false }) ?? (Attempts.Count > 0 ? Attempts[^1] : null);

    /// <summary>What was thought in earlier turns of this user's clients.</summary>
    public required IReasoningMemory Reasoning { get; init; }

    /// <summary>The body in neutral terms; read when the first translated candidate needs it.</summary>
    public Parsed<ConversationRequest>? Conversation { get; set; }

    /// <summary>A provider refused thinking that it had not signed: all of it stays out from now on.</summary>
    public bool WithoutThinking { get; set; }

    /// <summary>A provider refused the end user's id: it goes as a hash from now on.</summary>
    public bool WithHashedUser { get; set; }

    /// <summary>A provider refused to search the web for another vendor's client: the tool stays out from now on.</summary>
    public bool WithoutSearch { get; set; }

    /// <summary>Betas that a provider refused: they stay out from now on.</summary>
    public IReadOnlyList<string> WithoutBetas { get; set; } = [];

    /// <summary>The conversation as affinity knows it.</summary>
    public SessionKey Session { get; init; }

    /// <summary>The same where the client named it: of one user, so that two who use the same name never meet.</summary>
    public string? NamedSession => Session.Source == SessionSource.Named ? Session.Value : null;

    /// <summary>Prices above which it goes to nobody; null where it names none.</summary>
    public PriceLimit? MaxPrice { get; init; }

    /// <summary>Where it was at home when the plan was made; looked up only where there was something to choose.</summary>
    public SessionHome? Home { get; init; }

    /// <summary>Its part in kept answers; null where it has none.</summary>
    public CachedCall? Cached { get; set; }

    /// <summary>Nothing more is waited for: the process stops, or the request's deadline has passed.</summary>
    public CancellationToken CutOff { get; set; }

    /// <summary>It runs on without its client; null where its client does not ask for that.</summary>
    public DetachedCall? Detached { get; init; }

    /// <summary>What a translated answer calls its model: the name that the client sent, or what was chosen for it.</summary>
    public string NameFor(Candidate candidate) => Plan.Auto is null ? Envelope.Model ?? "" : candidate.Endpoint.Model.Id;

    /// <summary>The client went away, or what runs on without it may run no longer.</summary>
    public CancellationToken ClientGone => Detached?.Gone ?? Http.RequestAborted;

    /// <summary>Gives the shorter bodies back; the client's own is its reader's.</summary>
    public void Dispose()
    {
        foreach (var shorter in ShorterBodies)
        {
            shorter.Body.Dispose();
        }
    }

    /// <summary>Puts a shorter body in the place of the present one for every attempt to come.</summary>
    /// <param name="shorter">Owned by the request from now on.</param>
    /// <param name="envelope">Its scan.</param>
    public void Shorten(ShortenedBody shorter, Envelope envelope)
    {
        ShorterBodies = [.. ShorterBodies, shorter];
        Envelope = envelope;

        // Read again at once: an attempt that is under way looks up its tools in it.
        if (Conversation is not null)
        {
            Conversation = Surface.Format.ReadRequest(Text);
        }
    }
}
