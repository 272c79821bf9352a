using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>What a request holds of every scope on its way in. Dispose it when the request is over: what is under way is freed; tokens stay taken as expected unless settled.</summary>
public sealed class Permit : IDisposable
{
    private readonly AdmissionGate _gate;
    private int _released;
    private int _settled;

    internal Permit(AdmissionGate gate, Allowance[] scopes, Demand taken, Flow flow, TimeSpan at, LimitStanding? tightest)
    {
        _gate = gate;
        Scopes = scopes;
        Taken = taken;
        Flow = flow;
        At = at;
        Tightest = tightest;
    }

    /// <summary>The limit of which the smallest share was left when it was given; null where none counts requests or tokens.</summary>
    public LimitStanding? Tightest { get; }

    internal Allowance[] Scopes { get; }

    internal Demand Taken { get; }

    internal Flow Flow { get; }

    internal TimeSpan At { get; }

    /// <summary>Corrects the tokens taken by those used. Counts once; before or after the end.</summary>
    public void Settle(Demand used)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 0)
        {
            _gate.Settle(this, used);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            _gate.Release(this);
        }
    }
}
