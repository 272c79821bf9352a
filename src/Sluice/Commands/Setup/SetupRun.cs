namespace Sluice.Commands.Setup;

/// <summary>One <c>setup claude-code</c>, and its way back.</summary>
/// <param name="client">The running Sluice.</param>
/// <param name="setup">Claude Code's settings files.</param>
/// <param name="recordPath">Where what was there before is kept.</param>
internal sealed class SetupRun(AdminClient client, ClaudeCodeSetup setup, string recordPath)
{
    // As long as a real one, so that a dry run shows what a run would.
    private static readonly string Stand = "sk-sluice-" + new string('x', 40);

    private readonly SetupKeys _keys = new(client);

    /// <summary>Points the client here. The key that the settings hold is kept where this Sluice takes it; a new one is made where it does not.</summary>
    public async Task<SetupOutcome> ApplyAsync(SetupWish wish, CancellationToken cancellation)
    {
        var url = client.Url.ToString().TrimEnd('/');

        // Both before a key is made: a settings file that cannot be edited must not leave a key behind.
        _ = setup.Plan(wish.Scope, url, "");
        var key = wish.Key is { } given ? new ChosenKey(given, null, Made: false)
            : await ReuseAsync(wish, cancellation)
            ?? (wish.DryRun ? new ChosenKey(Stand, null, Made: true) : await _keys.MakeAsync(wish.User ?? Environment.UserName, wish.Project, $"claude-code on {Environment.MachineName}", cancellation));
        var changes = setup.Plan(wish.Scope, url, key.Secret);
        if (!wish.DryRun)
        {
            try
            {
                SetupRecord.Apply(recordPath, changes, key is { Made: true, Id: { } id } ? [new SetupKey(id, client.Url.ToString())] : []);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nobody holds it now.
                await _keys.RevokeAsync(key is { Made: true, Id: { } made } ? [new SetupKey(made, client.Url.ToString())] : [], CancellationToken.None);
                throw new CommandFailure($"{e.Message} What was changed until then is restored by 'sluice setup claude-code --undo'.");
            }
        }

        return new SetupOutcome(url, key, changes);
    }

    /// <summary>Restores the files, then revokes the keys that setup made. Keys that cannot be revoked stay in the record, so that undoing again tries again.</summary>
    public async Task<UndoOutcome> UndoAsync(CancellationToken cancellation)
    {
        var undone = SetupRecord.Undo(recordPath);
        var keys = await _keys.RevokeAsync(undone.Keys, cancellation);
        SetupRecord.KeepKeys(recordPath, keys.Left);
        return new UndoOutcome(undone.Files, keys);
    }

    // A dry run shows what it can, also where no Sluice runs.
    private async Task<ChosenKey?> ReuseAsync(SetupWish wish, CancellationToken cancellation)
    {
        try
        {
            return await _keys.ReuseAsync(setup.PresentToken(wish.Scope), wish.User, wish.Project, cancellation);
        }
        catch (CommandFailure) when (wish.DryRun)
        {
            return null;
        }
    }
}

/// <summary>What the command line asks for.</summary>
/// <param name="Scope">Which settings file.</param>
/// <param name="Key">The key to write; null to find or make one.</param>
/// <param name="User">Whose key it must be; null: whoever's is there, or the account's name for a new one.</param>
/// <param name="Project">The key's project; null is any.</param>
/// <param name="DryRun">Write nothing, make nothing.</param>
internal sealed record SetupWish(SetupScope Scope, string? Key, string? User, string? Project, bool DryRun);

/// <summary>What a setup did, or would do.</summary>
internal sealed record SetupOutcome(string Url, ChosenKey Key, IReadOnlyList<FileChange> Changes);

/// <summary>What undoing did.</summary>
internal sealed record UndoOutcome(IReadOnlyList<string> Files, RevokedKeys Keys);
