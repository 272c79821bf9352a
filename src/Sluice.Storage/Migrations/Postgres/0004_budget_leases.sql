-- What each node may spend of the budgets that all nodes share, in windows that are not long over. Money is integer nano-dollars; the ledger knows
-- what was spent in the end.

CREATE TABLE budget_windows (
    scope text COLLATE "C" NOT NULL,
    per text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    short_at timestamptz,                     -- when somebody last needed more than was left
    told integer,                             -- percent that people heard of: 0, 50, 80 or 100; null before anybody spent
    PRIMARY KEY (scope, per, starts_at)
) WITH (fillfactor = 50);
CREATE INDEX budget_windows_by_end ON budget_windows (ends_at);

-- One row for each node: of a window, leased_nano of all nodes together is no more than the budget. Whoever changes one holds its window's row.
CREATE TABLE budget_slices (
    scope text COLLATE "C" NOT NULL,
    per text COLLATE "C" NOT NULL,
    starts_at timestamptz NOT NULL,
    node text COLLATE "C" NOT NULL,
    spent_nano bigint NOT NULL,
    reserved_nano bigint NOT NULL,
    leased_nano bigint NOT NULL,              -- spent and reserved are within it
    expires_at timestamptz NOT NULL,          -- from then on the node charges nothing more to it, and what it spent counts alone
    doubted boolean NOT NULL DEFAULT false,   -- it had expired once and got a little more time
    session text,                             -- of the node's process; null where only the ledger spoke of the node
    number bigint NOT NULL,
    PRIMARY KEY (scope, per, starts_at, node),
    FOREIGN KEY (scope, per, starts_at) REFERENCES budget_windows ON DELETE CASCADE
) WITH (fillfactor = 50);

-- One node's call: says what it spent, holds and keeps of each budget, and takes what it needs as far as nobody has it. One statement is one round trip
-- and one transaction. Windows are locked in the order of their names, so that no two calls wait for each other.
CREATE FUNCTION sluice_exchange_budgets(
    p_node text, p_session text, p_number bigint, p_short_for interval, p_doubt interval, p_slack_share integer,
    p_scope text[], p_per text[], p_starts timestamptz[], p_ends timestamptz[], p_budget bigint[], p_hard boolean[],
    p_spent bigint[], p_reserved bigint[], p_keep bigint[], p_need bigint[], p_slack bigint[], p_live interval[], p_first boolean[])
RETURNS TABLE (line integer, is_taken boolean, given bigint, others_spent bigint, others_reserved bigint, is_short boolean, has_passed boolean)
LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    l record;
    w budget_windows;
    own budget_slices;
    others record;
    at timestamptz;
    free numeric;
    spent_percent numeric;
    mark integer;
BEGIN
    FOR l IN
        SELECT * FROM unnest(p_scope, p_per, p_starts, p_ends, p_budget, p_hard, p_spent, p_reserved, p_keep, p_need, p_slack, p_live, p_first) WITH ORDINALITY
            AS u (scope, per, starts_at, ends_at, budget, hard, spent, reserved, keep, need, slack, live, first, place)
        ORDER BY u.scope COLLATE "C", u.per COLLATE "C", u.starts_at
    LOOP
        INSERT INTO budget_windows (scope, per, starts_at, ends_at) VALUES (l.scope, l.per, l.starts_at, l.ends_at) ON CONFLICT DO NOTHING;
        SELECT * INTO w FROM budget_windows b WHERE b.scope = l.scope AND b.per = l.per AND b.starts_at = l.starts_at FOR UPDATE;
        at := clock_timestamp();

        -- From here on nobody else changes this window's slices. After an outage all of them have expired: who lives says so within seconds.
        UPDATE budget_slices s SET expires_at = at + p_doubt, doubted = true
        WHERE s.scope = l.scope AND s.per = l.per AND s.starts_at = l.starts_at AND s.node <> p_node
            AND s.expires_at <= at AND NOT s.doubted AND s.leased_nano <> s.spent_nano;
        SELECT * INTO own FROM budget_slices s WHERE s.scope = l.scope AND s.per = l.per AND s.starts_at = l.starts_at AND s.node = p_node;
        SELECT
            coalesce(sum(s.spent_nano), 0) AS spent,
            coalesce(sum(s.reserved_nano) FILTER (WHERE s.expires_at > at), 0) AS reserved,
            coalesce(sum(CASE WHEN s.expires_at > at THEN s.leased_nano ELSE s.spent_nano END), 0) AS leased
        INTO others
        FROM budget_slices s WHERE s.scope = l.scope AND s.per = l.per AND s.starts_at = l.starts_at AND s.node <> p_node;

        line := l.place;
        others_spent := least(others.spent, 9e18);
        others_reserved := least(others.reserved, 9e18);
        is_taken := own.session IS NULL OR (own.session <> p_session AND l.first) OR (own.session = p_session AND own.number < p_number);
        given := 0;
        is_short := false;
        has_passed := false;
        IF is_taken THEN
            IF l.hard THEN
                free := greatest(0, l.budget - others.leased - l.keep);
                given := least(l.need, free);
                IF given < l.need THEN
                    w.short_at := at;
                END IF;
                is_short := coalesce(w.short_at > at - p_short_for, false);
                IF NOT is_short THEN
                    given := given + least(l.slack, trunc((free - given) / p_slack_share));
                END IF;
            END IF;

            INSERT INTO budget_slices AS s (scope, per, starts_at, node, spent_nano, reserved_nano, leased_nano, expires_at, session, number)
            VALUES (l.scope, l.per, l.starts_at, p_node, l.spent, l.reserved, l.keep + given, at + l.live, p_session, p_number)
            ON CONFLICT (scope, per, starts_at, node) DO UPDATE SET
                spent_nano = excluded.spent_nano, reserved_nano = excluded.reserved_nano, leased_nano = excluded.leased_nano,
                expires_at = excluded.expires_at, doubted = false, session = excluded.session, number = excluded.number;

            spent_percent := CASE WHEN l.budget = 0 THEN 100 ELSE (others.spent + l.spent) * 100 / l.budget END;
            mark := CASE WHEN spent_percent >= 100 THEN 100 WHEN spent_percent >= 80 THEN 80 WHEN spent_percent >= 50 THEN 50 ELSE 0 END;
            has_passed := mark > coalesce(w.told, CASE WHEN l.first THEN mark ELSE 0 END);
            IF w.told IS DISTINCT FROM mark OR w.short_at = at THEN
                UPDATE budget_windows b SET short_at = w.short_at, told = mark WHERE b.scope = l.scope AND b.per = l.per AND b.starts_at = l.starts_at;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- What the ledger knows of other nodes' spending; what they said themselves counts where it is more.
CREATE FUNCTION sluice_import_spending(p_asking text, p_scope text, p_per text, p_starts timestamptz, p_ends timestamptz, p_nodes text[], p_spent bigint[])
RETURNS void LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
BEGIN
    INSERT INTO budget_windows (scope, per, starts_at, ends_at) VALUES (p_scope, p_per, p_starts, p_ends) ON CONFLICT DO NOTHING;
    PERFORM FROM budget_windows b WHERE b.scope = p_scope AND b.per = p_per AND b.starts_at = p_starts FOR UPDATE;
    INSERT INTO budget_slices AS s (scope, per, starts_at, node, spent_nano, reserved_nano, leased_nano, expires_at, number)
    SELECT p_scope, p_per, p_starts, u.node, u.spent, 0, u.spent, now(), 0 FROM unnest(p_nodes, p_spent) AS u (node, spent) WHERE u.node <> p_asking
    ON CONFLICT (scope, per, starts_at, node) DO UPDATE SET
        spent_nano = greatest(s.spent_nano, excluded.spent_nano), leased_nano = greatest(s.leased_nano, excluded.spent_nano);
END
$$;
