-- Limits that people set while Sluice runs; 0 is none.
CREATE TABLE scope_limits (
    scope TEXT NOT NULL PRIMARY KEY,          -- key:ID, user:NAME, team:NAME, project:NAME, model:ID, organization
    rpm INTEGER NOT NULL,
    input_tpm INTEGER NOT NULL,
    output_tpm INTEGER NOT NULL,
    rpd INTEGER NOT NULL,
    burst INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    changed_at INTEGER NOT NULL               -- milliseconds since 1970
) WITHOUT ROWID;
