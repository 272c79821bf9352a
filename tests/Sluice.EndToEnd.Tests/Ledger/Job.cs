using System.Globalization;
using System.Text;

namespace Sluice.EndToEnd.Tests.Ledger;

internal enum JobEnd
{
    /// <summary>The client stays to the end, good or bad.</summary>
    Stays,

    /// <summary>The client leaves while the provider is silent.</summary>
    Leaves,

    /// <summary>The gateway is killed while the provider is silent.</summary>
    Killed,
}

/// <summary>One client request of the run. Its number stands in the prompt, so a provider's record tells whose it was.</summary>
internal sealed record Job(int Number, string User, string Project, string Model, bool ChatClient, bool Stream, bool Cached, JobEnd End)
{
    public string Name => "job-" + Number.ToString("0000", CultureInfo.InvariantCulture);

    /// <summary>Providers that do not just echo answer "Simulated answer to: " and this.</summary>
    public string Prompt => Name + " alpha beta gamma delta epsilon zeta";

    public string Path => ChatClient ? "/v1/chat/completions" : "/v1/messages";

    public byte[] Body
    {
        get
        {
            var stream = Stream ? "true" : "false";

            // Long enough to be cached, and everybody's own: five thousand bytes are more than the simulator's smallest prefix.
            var instructions = Cached ? string.Concat(Enumerable.Repeat($"Instructions of {User}. ", 250)) : "";
            var mark = Number % 2 == 0 ? "{\"type\":\"ephemeral\"}" : "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}";
            var system = (Cached, ChatClient) switch
            {
                (false, _) => "",
                (true, false) => $$""" "system":[{"type":"text","text":"{{instructions}}","cache_control":{{mark}}}], """,
                (true, true) => "",
            };
            var first = Cached && ChatClient ? $$"""{"role":"system","content":"{{instructions}}"},""" : "";
            return Encoding.UTF8.GetBytes(
                $$"""{"model":"{{Model}}","max_tokens":512,"stream":{{stream}},{{system}}"messages":[{{first}}{"role":"user","content":"{{Prompt}}"}]}""");
        }
    }

    /// <summary>A token for four bytes of text (the role is text too), four for the message, eight for the request: docs/ledger.md. Only of jobs without instructions.</summary>
    public long EstimatedInput => (long)Math.Ceiling(("user".Length + Prompt.Length) / 4.0 + 4) + 8;
}
