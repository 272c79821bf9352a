-- What each node may use of the limits that several nodes share. The rules are those of ILimitLeases.

-- Nodes, by when they were heard of. A row is locked for as long as a call of its node runs.
CREATE TABLE limit_nodes (
    owner text PRIMARY KEY,                   -- NODE:START, of which the same node has one at a time
    -- Of its last call: one that was overtaken on its way has no effect.
    number bigint NOT NULL,
    heard timestamptz NOT NULL,
    is_stopped boolean NOT NULL,
    is_gone boolean NOT NULL DEFAULT false    -- it ended without a word: its node has started again
) WITH (fillfactor = 50);

-- Parts. Those of one limit are read and written under an advisory lock of that limit, since a node that is new to it has no row to lock.
CREATE TABLE limit_leases (
    scope text NOT NULL,
    kind smallint NOT NULL,
    owner text NOT NULL,
    size bigint NOT NULL,
    held bigint NOT NULL,
    used bigint NOT NULL,
    wanted bigint NOT NULL,
    need bigint NOT NULL,
    since timestamptz NOT NULL,
    -- Of a node that stopped: until when what it used counts. Of others that follows from when they were heard of.
    until timestamptz,
    PRIMARY KEY (scope, kind, owner)
) WITH (fillfactor = 50);

-- Until when a part counts: concurrency as long as its node lives, a minute's limit a minute longer, a day's to the end of the day. A node that is not
-- known to be gone may live for 30 seconds after it was heard of.
CREATE FUNCTION limit_lease_end(kind smallint, until timestamptz, heard timestamptz, is_gone boolean) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN until IS NOT NULL THEN until
        WHEN heard IS NULL OR (is_gone AND kind = 5) THEN '-infinity'
        WHEN kind = 4 THEN greatest(heard + x.lives, (date_trunc('day', heard AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC')
        WHEN kind = 5 THEN heard + x.lives
        ELSE heard + x.lives + interval '61 s'
    END
    FROM (SELECT CASE WHEN is_gone THEN interval '0' ELSE interval '30 s' END AS lives) x
$$;

-- One call of one node. A row for each ask, by its place from 1, and one of place 0 for the call itself, of which only nodes is meant; none at all
-- where a later call of the node came before.
CREATE FUNCTION sync_limit_leases(
    p_owner text, p_number bigint, p_is_last boolean, p_at timestamptz,
    p_scopes text[], p_kinds smallint[], p_sizes bigint[], p_helds bigint[], p_useds bigint[], p_wanteds bigint[], p_needs bigint[], p_waiteds bigint[])
RETURNS TABLE (place integer, held bigint, target bigint, others_use bigint, free bigint, is_contended boolean, nodes integer)
LANGUAGE plpgsql
-- Whoever asked gives up after two seconds; a call that waits longer would take its locks for nobody.
SET lock_timeout = '1500ms'
AS $$
#variable_conflict use_column
DECLARE
    v_at timestamptz := coalesce(p_at, clock_timestamp());
    v_heard timestamptz;
    v_nodes integer;
    v_ask record;
    v_owners text[];
    v_wanteds bigint[];
    v_needs bigint[];
    v_sinces timestamptz[];
    v_targets bigint[];
    v_size bigint;
    v_dead bigint;
    v_others_held bigint;
    v_others_use bigint;
    v_wanted bigint;
    v_capacity bigint;
    v_left bigint;
    v_claim integer;
    v_count integer;
    v_served integer;
    v_target bigint;
    v_held bigint;
BEGIN
    -- A node that starts was at its end before, whether it said so or not.
    IF p_number = 1 THEN
        PERFORM 1 FROM limit_nodes WHERE owner <> p_owner AND split_part(owner, ':', 1) = split_part(p_owner, ':', 1) ORDER BY owner FOR UPDATE;
        UPDATE limit_nodes SET is_stopped = true, is_gone = true WHERE owner <> p_owner AND split_part(owner, ':', 1) = split_part(p_owner, ':', 1) AND NOT is_stopped;
    END IF;

    -- Nobody at all was heard of: the database was away, and everybody went on with what he holds. For that time nobody is gone. A day is over all the same.
    SELECT max(heard) INTO v_heard FROM limit_nodes;
    IF v_heard < v_at - interval '15 s' THEN
        PERFORM 1 FROM limit_nodes ORDER BY owner FOR UPDATE;
        SELECT max(heard) INTO v_heard FROM limit_nodes;
        IF v_heard < v_at - interval '15 s' THEN
            DELETE FROM limit_leases l USING limit_nodes n WHERE n.owner = l.owner AND l.kind = 4 AND limit_lease_end(l.kind, l.until, n.heard, n.is_gone) <= v_at;
            UPDATE limit_nodes SET heard = heard + (v_at - v_heard) WHERE NOT is_stopped;
        END IF;
    END IF;

    INSERT INTO limit_nodes AS n (owner, number, heard, is_stopped) VALUES (p_owner, p_number, v_at, p_is_last)
    ON CONFLICT (owner) DO UPDATE SET number = excluded.number, heard = greatest(n.heard, excluded.heard), is_stopped = excluded.is_stopped, is_gone = false
        WHERE n.number < excluded.number;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    SELECT count(*) INTO v_nodes FROM limit_nodes n WHERE NOT n.is_stopped AND n.heard > v_at - interval '30 s';
    RETURN QUERY SELECT 0, 0::bigint, 0::bigint, 0::bigint, 0::bigint, false, v_nodes;

    -- In one order for all, so that no two calls wait for each other.
    FOR v_ask IN
        SELECT a.place::integer AS place, a.scope, a.kind, a.size, a.held, a.used, a.wanted, a.need, a.waited, hashtext(a.kind || ' ' || a.scope) AS lock
        FROM unnest(p_scopes, p_kinds, p_sizes, p_helds, p_useds, p_wanteds, p_needs, p_waiteds)
            WITH ORDINALITY AS a (scope, kind, size, held, used, wanted, need, waited, place)
        ORDER BY lock, a.place
    LOOP
        PERFORM pg_advisory_xact_lock(51937, v_ask.lock);
        v_at := greatest(v_at, coalesce(p_at, clock_timestamp()));

        DELETE FROM limit_leases l
        WHERE l.scope = v_ask.scope AND l.kind = v_ask.kind AND l.owner <> p_owner
            AND coalesce((SELECT limit_lease_end(l.kind, l.until, n.heard, n.is_gone) FROM limit_nodes n WHERE n.owner = l.owner), '-infinity') <= v_at;

        SELECT coalesce(sum(l.held), 0), coalesce(sum(l.held) FILTER (WHERE x.is_dead), 0), coalesce(sum(CASE WHEN x.is_dead THEN l.held ELSE l.used END), 0),
            least(min(l.size) FILTER (WHERE NOT x.is_dead AND l.size > 0), nullif(v_ask.size, 0))
        INTO v_others_held, v_dead, v_others_use, v_size
        FROM limit_leases l
        LEFT JOIN limit_nodes n ON n.owner = l.owner
        CROSS JOIN LATERAL (SELECT coalesce(n.is_stopped OR n.heard <= v_at - interval '30 s', true) AS is_dead) x
        WHERE l.scope = v_ask.scope AND l.kind = v_ask.kind AND l.owner <> p_owner;

        v_size := coalesce(v_size, 0);
        v_capacity := greatest(0, v_size - v_dead);

        -- Live nodes, whoever wants least first.
        SELECT array_agg(w.owner ORDER BY w.wanted, w.owner COLLATE "C"), array_agg(w.wanted ORDER BY w.wanted, w.owner COLLATE "C"),
            array_agg(w.need ORDER BY w.wanted, w.owner COLLATE "C"), array_agg(w.since ORDER BY w.wanted, w.owner COLLATE "C"), sum(w.wanted)
        INTO v_owners, v_wanteds, v_needs, v_sinces, v_wanted
        FROM (
            SELECT p_owner AS owner, v_ask.wanted AS wanted, v_ask.need AS need, v_at - v_ask.waited * interval '1 ms' AS since
            UNION ALL
            SELECT l.owner, l.wanted, l.need, l.since
            FROM limit_leases l
            JOIN limit_nodes n ON n.owner = l.owner
            WHERE l.scope = v_ask.scope AND l.kind = v_ask.kind AND l.owner <> p_owner AND NOT n.is_stopped AND n.heard > v_at - interval '30 s'
        ) w;

        -- Each at most an equal part of what is left; once more where a request alone is larger than its node's part, with that first.
        v_count := array_length(v_owners, 1);
        v_claim := NULL;
        FOR v_round IN 1..2 LOOP
            v_left := v_capacity;
            v_served := 0;
            v_targets := array_fill(0::bigint, ARRAY[v_count]);
            IF v_claim IS NOT NULL THEN
                v_targets[v_claim] := least(v_needs[v_claim], v_wanteds[v_claim]);
                v_left := v_left - v_targets[v_claim];
                v_served := 1;
            END IF;

            FOR i IN 1..v_count LOOP
                CONTINUE WHEN i = v_claim;
                v_targets[i] := least(v_wanteds[i], v_left / (v_count - v_served));
                v_left := v_left - v_targets[i];
                v_served := v_served + 1;
            END LOOP;

            EXIT WHEN v_round = 2;
            SELECT i INTO v_claim FROM generate_subscripts(v_owners, 1) AS i
            WHERE v_needs[i] > v_targets[i] AND v_needs[i] <= v_capacity
            ORDER BY v_sinces[i], v_owners[i] COLLATE "C" LIMIT 1;
            EXIT WHEN v_claim IS NULL;
        END LOOP;

        v_target := v_targets[array_position(v_owners, p_owner)];
        v_held := greatest(v_ask.used, least(greatest(v_target, v_ask.held), v_size - v_others_held));
        IF v_held = 0 AND v_ask.wanted = 0 THEN
            DELETE FROM limit_leases l WHERE l.scope = v_ask.scope AND l.kind = v_ask.kind AND l.owner = p_owner;
        ELSE
            INSERT INTO limit_leases AS l (scope, kind, owner, size, held, used, wanted, need, since, until)
            VALUES (v_ask.scope, v_ask.kind, p_owner, v_ask.size, v_held, v_ask.used, v_ask.wanted, v_ask.need, v_at - v_ask.waited * interval '1 ms',
                CASE WHEN NOT p_is_last THEN NULL
                    WHEN v_ask.kind = 5 THEN v_at
                    WHEN v_ask.kind = 4 THEN (date_trunc('day', v_at AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC'
                    ELSE v_at + interval '61 s' END)
            ON CONFLICT (scope, kind, owner) DO UPDATE SET size = excluded.size, held = excluded.held, used = excluded.used,
                wanted = excluded.wanted, need = excluded.need, since = excluded.since, until = excluded.until;
        END IF;

        RETURN QUERY SELECT v_ask.place, v_held, v_target, v_others_use::bigint, greatest(0, v_size - v_others_held - v_held)::bigint, v_wanted > v_capacity, v_nodes;
    END LOOP;

    -- What ended long ago, last: whoever waits for one of these rows waits for no lock that is still to be taken here.
    IF p_number = 1 THEN
        DELETE FROM limit_leases WHERE (scope, kind, owner) IN (
            SELECT l.scope, l.kind, l.owner FROM limit_leases l LEFT JOIN limit_nodes n ON n.owner = l.owner
            WHERE l.owner <> p_owner AND coalesce(limit_lease_end(l.kind, l.until, n.heard, n.is_gone), '-infinity') <= v_at FOR UPDATE OF l SKIP LOCKED);
        DELETE FROM limit_nodes WHERE owner IN (
            SELECT n.owner FROM limit_nodes n
            WHERE n.heard < v_at - interval '2 days' AND NOT EXISTS (SELECT FROM limit_leases l WHERE l.owner = n.owner) FOR UPDATE SKIP LOCKED);
    END IF;
END
$$;
