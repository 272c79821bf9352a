-- Money that people may spend in a time; what was spent is in the ledger.
CREATE TABLE budgets (
    scope TEXT NOT NULL,                      -- key:ID, user:NAME, team:NAME, project:NAME, organization
    per TEXT NOT NULL,                        -- day, week, month
    nano_usd INTEGER NOT NULL,
    hard INTEGER NOT NULL,                    -- 1: what it cannot pay for is refused
    changed_at INTEGER NOT NULL,              -- milliseconds since 1970
    PRIMARY KEY (scope, per)
) WITHOUT ROWID;
