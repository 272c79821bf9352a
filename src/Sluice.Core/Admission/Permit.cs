using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>What a request holds of every scope on its way in. Dispose it when the request is over: what is under way is freed; tokens stay taken as expected unless settled.</summary>
public sealed class Permit : IDisposable
{
    private readonly AdmissionGate _gate;
    private int _released;

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

    /// <summary>What is counted for it now: what was expected, then what was used. Under the gate's lock.</summary>
    internal Demand Taken { get; set; }

    internal Flow Flow { get; }

    internal TimeSpan At { get; }

    /// <summary>Corrects the tokens counted by those used; before or after the end. Again where one permit serves for two calls, one after the other.</summary>
    public void Settle(Demand used) => _gate.Settle(this, used);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            _gate.Release(this);
        }
    }
}
