namespace Sluice.Simulator;

/// <summary>What to do wrong, and what to replay, for which requests. Rules are tried in the order in which they were added; the first that fits wins. Safe from any thread.</summary>
public sealed class SimulatorScript
{
    private readonly Lock _lock = new();
    private readonly List<Rule> _rules = [];
    private readonly List<Recording> _recordings = [];
    private readonly Random _random;

    internal SimulatorScript(int seed) => _random = new Random(seed);

    /// <summary>The next requests get this fault.</summary>
    /// <param name="fault">What.</param>
    /// <param name="times">How many requests.</param>
    /// <param name="model">Only those for this upstream model; null for any.</param>
    /// <param name="credential">Only those with this key; null for any.</param>
    public void Enqueue(Fault fault, int times = 1, string? model = null, string? credential = null) =>
        Add(new Rule(fault, model, credential) { Left = times });

    /// <summary>Every request gets this fault until <see cref="Clear"/>.</summary>
    public void Always(Fault fault, string? model = null, string? credential = null) => Add(new Rule(fault, model, credential));

    /// <summary>Every <paramref name="nth"/> matching request gets this fault: with 3 the third, sixth, …</summary>
    public void EveryNth(int nth, Fault fault, string? model = null, string? credential = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(nth);
        Add(new Rule(fault, model, credential) { Every = nth });
    }

    /// <summary>Each matching request gets this fault with a probability, by the options' seed.</summary>
    /// <param name="probability">0 to 1.</param>
    /// <param name="fault">What.</param>
    /// <param name="model">Only those for this upstream model; null for any.</param>
    /// <param name="credential">Only those with this key; null for any.</param>
    public void WithProbability(double probability, Fault fault, string? model = null, string? credential = null) =>
        Add(new Rule(fault, model, credential) { Probability = probability });

    /// <summary>Answers with recorded bytes.</summary>
    /// <param name="answer">The recording.</param>
    /// <param name="model">Only requests for this upstream model; null for any.</param>
    /// <param name="times">How many requests; null until <see cref="Clear"/>.</param>
    public void Replay(ReplayAnswer answer, string? model = null, int? times = null)
    {
        lock (_lock)
        {
            _recordings.Add(new Recording(answer, model) { Left = times });
        }
    }

    /// <summary>Forgets all rules and recordings.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _rules.Clear();
            _recordings.Clear();
        }
    }

    /// <summary>Anything is scripted at all.</summary>
    internal bool HasRules
    {
        get
        {
            lock (_lock)
            {
                return _rules.Count > 0 || _recordings.Count > 0;
            }
        }
    }

    internal Fault? TakeFault(string? model, string? credential)
    {
        lock (_lock)
        {
            for (var i = 0; i < _rules.Count; i++)
            {
                var rule = _rules[i];
                if (!rule.Fits(model, credential))
                {
                    continue;
                }

                rule.Seen++;
                if ((rule.Every is { } nth && rule.Seen % nth != 0) || (rule.Probability is { } chance && _random.NextDouble() >= chance))
                {
                    continue;
                }

                if (rule.Left is { } left)
                {
                    rule.Left = left - 1;
                    if (left <= 1)
                    {
                        _rules.RemoveAt(i);
                    }
                }

                return rule.Fault;
            }

            return null;
        }
    }

    internal ReplayAnswer? TakeReplay(string? model)
    {
        lock (_lock)
        {
            for (var i = 0; i < _recordings.Count; i++)
            {
                var recording = _recordings[i];
                if (recording.Model is not null && recording.Model != model)
                {
                    continue;
                }

                if (recording.Left is { } left)
                {
                    recording.Left = left - 1;
                    if (left <= 1)
                    {
                        _recordings.RemoveAt(i);
                    }
                }

                return recording.Answer;
            }

            return null;
        }
    }

    private void Add(Rule rule)
    {
        lock (_lock)
        {
            _rules.Add(rule);
        }
    }

    private sealed class Rule(Fault fault, string? model, string? credential)
    {
        public Fault Fault => fault;

        public int? Left { get; set; }

        public int? Every { get; init; }

        public double? Probability { get; init; }

        public long Seen { get; set; }

        public bool Fits(string? requestModel, string? requestCredential) =>
            (model is null || model == requestModel) && (credential is null || credential == requestCredential);
    }

    private sealed class Recording(ReplayAnswer answer, string? model)
    {
        public ReplayAnswer Answer => answer;

        public string? Model => model;

        public int? Left { get; set; }
    }
}
