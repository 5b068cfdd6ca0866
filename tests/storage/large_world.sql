-- A world that is large enough for its plans to be those of very large ones, made by the database itself.
--
-- The first caller may edit flows everywhere, the second in a few workspaces. Half of everything lives in the first
-- workspace, and the first flow has a long history. Names are in an order that has nothing to do with that of the ids.
-- A thousandth of the flows is suspended, others use a component or a secret that hardly any does, or aren't published; nearly
-- all use one agent. How many flows there are,
-- :flows, and in the first workspace, :flows_in_the_first, whoever loads this says.

CREATE FUNCTION pg_temp.nth(kind text, number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT kind || '_' || lpad(number::text, 26, '0') $$;

CREATE FUNCTION pg_temp.named(kind text, number bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT kind || ' ' || md5(number::text) $$;

CREATE FUNCTION pg_temp.home(number bigint, in_the_first bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT pg_temp.nth('workspace', CASE WHEN number <= in_the_first THEN 1 ELSE 2 + (number - in_the_first - 1) % 2999 END) $$;

INSERT INTO tenant (id, name, component_whitelist) VALUES (pg_temp.nth('tenant', 1), 'One', false);

INSERT INTO contract (id, tenant_id, name, name_key, status, flow_quota)
SELECT pg_temp.nth('contract', i), pg_temp.nth('tenant', 1), pg_temp.named('contract', i),
       pg_temp.named('contract', i), 'ACTIVE', CASE WHEN i = 30 THEN 1000000 END
FROM generate_series(1, 60) AS i;

INSERT INTO workspace (id, contract_id, name, name_key, type)
SELECT pg_temp.nth('workspace', i), pg_temp.nth('contract', 1 + i % 60), pg_temp.named('workspace', i),
       pg_temp.named('workspace', i), CASE WHEN i % 2 = 0 THEN 'FULL' ELSE 'LIMITED' END
FROM generate_series(1, 3000) AS i;

INSERT INTO user_account (id, first_name, last_name, email, email_key)
SELECT pg_temp.nth('user', i), 'Caller', 'Number', 'caller-' || i, 'caller-' || i FROM generate_series(1, 50) AS i;

INSERT INTO workspace_access (user_id, workspace_id, contract_id, name_key, role_id)
SELECT pg_temp.nth('user', u), id, contract_id, name_key, 'role_00000000000000000000000003'
FROM generate_series(1, 50) AS u CROSS JOIN workspace
WHERE u = 1 OR right(id, 8)::int % 100 = u;

INSERT INTO contract_access (user_id, contract_id, name_key)
SELECT DISTINCT user_id, contract.id, contract.name_key
FROM workspace_access JOIN contract ON contract.id = workspace_access.contract_id;

INSERT INTO team (id, contract_id, tenant_id, name)
SELECT pg_temp.nth('team', i), pg_temp.nth('contract', i), pg_temp.nth('tenant', 1), 'team-' || i
FROM generate_series(1, 60) AS i;

INSERT INTO component (id, team_id, name, title, access, requires, pub_sub, topic_field)
SELECT pg_temp.nth('component', t * 10 + c), pg_temp.nth('team', t), 'c-' || c, 'C',
       CASE WHEN t = 1 AND c > 0 THEN 'GLOBAL' ELSE 'TEAM' END, 'NONE', c = 1, 'topic'
FROM generate_series(1, 60) AS t CROSS JOIN generate_series(0, 9) AS c;

INSERT INTO topic (id, workspace_id, name, name_key, schema_text)
SELECT pg_temp.nth('topic', i), pg_temp.home(i, 1000), pg_temp.named('topic', i), pg_temp.named('topic', i), '{}'
FROM generate_series(1, 3999) AS i;

INSERT INTO credential (id, workspace_id, name, name_key, component_id)
SELECT pg_temp.nth('credential', i), pg_temp.home(i, 1000), pg_temp.named('credential', i),
       pg_temp.named('credential', i), pg_temp.nth('component', 10 + i % 10)
FROM generate_series(1, 3999) AS i;

INSERT INTO secret (id, workspace_id, name, name_key, component_id)
SELECT pg_temp.nth('secret', i), pg_temp.home(i, 1000), pg_temp.named('secret', i), pg_temp.named('secret', i),
       pg_temp.nth('component', 10 + i % 10)
FROM generate_series(1, 3999) AS i;

INSERT INTO agent (id, workspace_id, name, name_key)
SELECT pg_temp.nth('agent', i), pg_temp.home(i, 1000), pg_temp.named('agent', i), pg_temp.named('agent', i)
FROM generate_series(1, 3999) AS i;

INSERT INTO flow_content (hash, graph, outline)
SELECT md5(i::text), '{"edges":[],"nodes":[]}',
       '{"links":[],"steps":[["1","team-1/c-' || i % 10 || ':pub"],["2","team-1/c-2:run"]]}'
FROM generate_series(1, 1000) AS i;

INSERT INTO flow_content_component (hash, team, name)
SELECT DISTINCT md5(i::text), 'team-1', 'c-' || c
FROM generate_series(1, 1000) AS i CROSS JOIN LATERAL (VALUES (i % 10), (2)) AS used (c);

INSERT INTO flow_content_component (hash, team, name) VALUES (md5('7'), 'team-2', 'c-4');

INSERT INTO flow (id, workspace_id, name, name_key, type, status, created_by, created_at, updated_at, draft_revision,
                  published_version_id)
SELECT pg_temp.nth('flow', i), pg_temp.home(i, :flows_in_the_first), pg_temp.named('flow', i), pg_temp.named('flow', i),
       CASE WHEN i % 10 = 0 THEN 'REAL_TIME' ELSE 'ORDINARY' END, CASE WHEN i % 1000 = 500 THEN 'SUSPENDED' WHEN i % 2 = 0 THEN 'ACTIVE' ELSE 'INACTIVE' END,
       pg_temp.nth('user', 1 + i % 50), timestamptz '2026-01-01' + i * interval '1 minute',
       timestamptz '2026-03-01' - i * interval '1 minute', 1,
       CASE WHEN i % 1000 <> 600 THEN pg_temp.nth('version', i * 10000::bigint + CASE WHEN i = 1 THEN 1500 ELSE 1 END) END
FROM generate_series(1, :flows) AS i;

INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin, descends_from)
SELECT pg_temp.nth('version', f * 10000::bigint + n), pg_temp.nth('flow', f), n, 'Version', md5((1 + f % 1000)::text),
       CASE WHEN f = 1 THEN '[{"TOPIC":"' || pg_temp.nth('topic', 1) || '","position":0,"topicField":"topic"}]'
            WHEN f % 1000 = 3 THEN '[{"SECRET":"' || pg_temp.nth('secret', 1) || '","position":0}]'
            ELSE '[{"AGENT":"' || pg_temp.nth('agent', 1) || '","position":0}]' END,
       timestamptz '2026-01-01' + n * interval '1 minute', 'EDIT',
       CASE WHEN f BETWEEN 2 AND 3000 THEN pg_temp.nth('export', f - 1) END
FROM generate_series(1, :flows) AS f CROSS JOIN LATERAL generate_series(1, CASE WHEN f = 1 THEN 1500 ELSE 1 END) AS n;

INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, revision, created_at, updated_at, origin,
                        set_aside_at)
SELECT pg_temp.nth('draft', f * 10 + n), pg_temp.nth('flow', f), 'Draft', md5((1 + f % 1000)::text), '[]', n,
       timestamptz '2026-03-01', timestamptz '2026-03-01', 'EDIT', CASE WHEN n = 0 THEN timestamptz '2026-03-02' END
FROM generate_series(2, :flows, 5) AS f CROSS JOIN generate_series(0, 1) AS n;

INSERT INTO reference_report (hash, "references")
SELECT md5(i::text), '[]' FROM generate_series(1, 2999) AS i;

INSERT INTO flow_export (id, created_at, copied_from, source_flow_id, destination_workspace_id, destination_flow_id,
                         report_hash, undone_at, version_id, content_hash)
SELECT pg_temp.nth('export', i), timestamptz '2026-03-01', 'DRAFT', pg_temp.nth('flow', CASE WHEN i <= 20 THEN 1 ELSE i END),
       pg_temp.nth('workspace', 1), pg_temp.nth('flow', i + 1),
       md5(i::text), CASE WHEN i > 1000 THEN timestamptz '2026-03-01' + i * interval '1 minute' END,
       -- Most sources are ahead.
       pg_temp.nth('version', (i + 1) * 10000::bigint + 1), md5((CASE WHEN i % 1000 = 700 THEN 1 + i % 1000 ELSE 1 + (i + 1) % 1000 END)::text)
FROM generate_series(1, 2999) AS i;

-- Little came into each of the other workspaces.
INSERT INTO flow_export (id, created_at, copied_from, source_flow_id, destination_workspace_id, destination_flow_id)
SELECT pg_temp.nth('export', i), timestamptz '2026-03-01', 'DRAFT', pg_temp.nth('flow', i), flow.workspace_id, flow.id
FROM generate_series(:flows_in_the_first + 1, :flows - 1) AS i JOIN flow ON flow.id = pg_temp.nth('flow', i + 1);

-- Half of the events in the first workspace, and half of those about one flow; two types that hardly any event has.
INSERT INTO event (id, position, at, type, tenant_id, workspace_id, other_workspace_id, flow_id, flow_name)
SELECT pg_temp.nth('event', i), i, timestamptz '2026-01-01' + i * interval '1 second',
       CASE WHEN i = 5 THEN 'FLOW_DELETED' WHEN i = 4 * :flows - 7 THEN 'FLOW_CREATED' WHEN i % 100 = 0 THEN 'FLOW_EXPORTED'
            WHEN i % 3 = 0 THEN 'FLOW_STARTED' ELSE 'FLOW_PUBLISHED' END,
       pg_temp.nth('tenant', 1), pg_temp.nth('workspace', CASE WHEN i % 2 = 1 THEN 1 ELSE 2 + i % 2999 END),
       CASE WHEN i % 100 = 0 THEN pg_temp.nth('workspace', 1) END, pg_temp.nth('flow', CASE WHEN i % 4 = 1 THEN 1 ELSE 1 + i % :flows END),
       'Flow'
FROM generate_series(1, 4 * :flows) AS i;

-- All requests but a few in the first workspace, of which one in ten is open; the last one is large.
INSERT INTO release_request (id, workspace_id, title, start, state, requested_by, requested_at)
SELECT pg_temp.nth('release', i), pg_temp.nth('workspace', CASE WHEN i % 1000 = 1 THEN 1 + i % 2999 ELSE 1 END), 'Release', false,
       CASE WHEN i % 10 = 0 THEN 'OPEN' ELSE 'APPLIED' END, pg_temp.nth('user', 1), timestamptz '2026-03-01'
FROM generate_series(1, 20000) AS i;

INSERT INTO release_item (request_id, position, flow_id, flow_name, draft_id, revision, over_version_id)
SELECT pg_temp.nth('release', r), n, pg_temp.nth('flow', 1 + (r + n) % :flows), 'Flow', pg_temp.nth('draft', (2 + 5 * ((r + n) % 1000)) * 10 + 1), 1,
       pg_temp.nth('version', (1 + (r + n) % :flows) * 10000::bigint + 1)
FROM generate_series(1, 20000) AS r CROSS JOIN LATERAL generate_series(0, CASE WHEN r = 20000 THEN 99 ELSE 1 END) AS n;

INSERT INTO tenant_member (tenant_id, user_id, role_id)
SELECT pg_temp.nth('tenant', 1), pg_temp.nth('user', 1), id FROM role WHERE name = 'provisioner';

ANALYZE;
