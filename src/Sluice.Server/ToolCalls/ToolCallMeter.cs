using Sluice.Core.Health;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Server.Surfaces;

namespace Sluice.Server.ToolCalls;

/// <summary>
/// Counts how often the tool calls of each endpoint can be run, for the sort <c>exacto</c>. Only where a request has tools and its model has
/// several endpoints to choose from; and the verdict is found once the client has its answer. Thread-safe.
/// </summary>
internal sealed class ToolCallMeter(IHealth health)
{
    // An agent's tools are the same in each of its turns: their schemas are read once. Bytes of tools compared, all together at most 4 MiB.
    private const int MostKept = 16;
    private const int LargestTools = 256 * 1024;

    // A body is parsed as a whole for its tools; of a larger one that is too much for a figure.
    private const int LargestBody = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly List<(byte[] Tools, DeclaredTools Declared)> _kept = [];

    /// <summary>The request's tool calls are counted.</summary>
    public static bool Watches(InferenceRequest request) =>
        request.Envelope.ToolCount > 0 && request.Plan.Sort is not null && request.Surface.Operation == SurfaceOperation.Generate;

    /// <summary>A relay that gathers the calls of an answer which passes natively; the same one where nobody counts.</summary>
    public static IStreamRelay Watch(IStreamRelay relay, IUpstreamFormat format, InferenceRequest request, Attempt attempt) => Watches(request)
        ? new WatchedRelay(relay, format.CreateStreamReader(attempt.Candidate.Provider.Dialect), attempt.Called = new CalledTools())
        : relay;

    /// <summary>A reader that gathers the calls of an answer; the same one where nobody counts.</summary>
    public static IStreamReader Watch(IStreamReader reader, InferenceRequest request, Attempt attempt) =>
        Watches(request) ? new WatchedReader(reader, attempt.Called = new CalledTools()) : reader;

    /// <summary>Gathers the calls of a whole answer.</summary>
    /// <param name="response">As the client is told it, with its own names of tools.</param>
    /// <param name="request">Whose.</param>
    /// <param name="attempt">Who answered.</param>
    public static void Watch(ConversationResponse? response, InferenceRequest request, Attempt attempt)
    {
        if (response is not null && Watches(request))
        {
            (attempt.Called = new CalledTools()).Take(response.Parts);
        }
    }

    /// <summary>Judges the calls of a finished answer, where it made any.</summary>
    public void Judge(InferenceRequest request, Attempt attempt)
    {
        if (attempt.Called is { Calls.Count: > 0 } called && DeclaredBy(request) is { } declared)
        {
            health.CalledTools(attempt.Candidate.Endpoint, declared.Judge(called.Calls));
        }
    }

    private DeclaredTools? DeclaredBy(InferenceRequest request)
    {
        var span = request.Envelope.ToolsValue;
        if (span.Length is 0 or > LargestTools)
        {
            return null;
        }

        var tools = request.Body.Bytes.Span.Slice(span.Start, span.Length);
        lock (_lock)
        {
            for (var i = 0; i < _kept.Count; i++)
            {
                if (tools.SequenceEqual(_kept[i].Tools))
                {
                    return _kept[i].Declared;
                }
            }
        }

        if (request.Conversation is null && request.Body.Length > LargestBody)
        {
            return null;
        }

        request.Conversation ??= request.Surface.Format.ReadRequest(request.Body.Bytes);
        if (request.Conversation.Value.Value is not { } conversation)
        {
            return null;
        }

        var declared = new DeclaredTools(conversation.Tools);
        lock (_lock)
        {
            if (_kept.Count == MostKept)
            {
                _kept.RemoveAt(0);
            }

            _kept.Add((tools.ToArray(), declared));
        }

        return declared;
    }
}
