-- The rows of the demo world that no world document has. Between statements there is an empty line.
-- The tokens, each of the user with this key.
INSERT INTO api_token (id, user_id, name, secret_hash, created_at)
SELECT token, external_key.id, 'demo', sha256(convert_to(token, 'UTF8')), '2025-01-01T00:00:00Z'
FROM unnest(ARRAY['demo-integrator', 'demo-admin', 'demo-guest', 'demo-outsider']) AS token
JOIN external_key ON section = 'users' AND key = token;

-- Records of old exports of a first version: of one whose draft was published, of one whose draft was edited before it
-- was published, and of one as a new flow, which hasn't changed since.
INSERT INTO flow_export (
    id, actor_id, created_at, copied_from, source_workspace_id, source_flow_id, source_version_id,
    destination_workspace_id, destination_flow_id, draft_id, content_hash,
    flow_before, first_change, first_changed_at, version_id
)
SELECT
    record.id, actor.id, '2025-01-01T00:00:00Z', 'PUBLISHED_VERSION', source.workspace_id, source.id, copied.id,
    destination.workspace_id, destination.id, record.draft_id, copied.content_hash,
    CASE WHEN first_change IS NOT NULL
        THEN format('{"name":"%s","description":null,"cron":null,"updatedAt":"2025-01-01T00:00:00+00:00"}', name_before)
    END,
    first_change, CASE WHEN first_change IS NOT NULL THEN timestamptz '2025-01-01T00:00:00Z' END, became.id
FROM (VALUES
    ('export_01jgfjjz00fg19vasapw92hwbb', 'order-confirmation', 'order-confirmation-live',
     'draft_01jgfjjz00ejwvkjqxkr2y066p', 'Order confirmation', 'PUBLISHED'),
    ('export_01jgfjjz00eexssjwqay7d2wvt', 'price-feed', 'price-feed-live',
     'draft_01jgfjjz00eyxsd96bqqdwyzzs', 'Price feed', 'EDITED'),
    ('export_01jgfjjz00emktb092ep0ah9yh', 'chat-bridge', 'chat-bridge-exported',
     'draft_01jgfjjz00e7t882c9est8hkrv', NULL, NULL)
) AS record (id, source_key, destination_key, draft_id, name_before, first_change)
JOIN external_key AS actor ON actor.section = 'users' AND actor.key = 'demo-integrator'
JOIN external_key AS source_flow ON source_flow.section = 'flows' AND source_flow.key = source_key
JOIN external_key AS destination_flow ON destination_flow.section = 'flows' AND destination_flow.key = destination_key
JOIN flow AS source ON source.id = source_flow.id
JOIN flow AS destination ON destination.id = destination_flow.id
JOIN flow_version AS copied ON copied.flow_id = source.id AND copied.number = 1
LEFT JOIN flow_version AS became
    ON became.flow_id = destination.id AND became.number = 1 AND first_change IS NOT NULL;

UPDATE flow_version SET descends_from = flow_export.id FROM flow_export WHERE flow_id = destination_flow_id;

UPDATE flow_draft SET descends_from = flow_export.id FROM flow_export WHERE flow_id = destination_flow_id;

-- Releases of one flow each of Foods Production, in each state; an applied one names the number of its version.
WITH release AS (
    SELECT * FROM (VALUES
        ('release_01jgfjjz00eyktg537a49hgwwz', 'Recipes by country', 'demo-integrator',
         'recipe-alerts', 'draft_01jgfjjz00enwbbwcn9nqh92m7', 1, NULL),
        ('release_01jgfjjz00e8tbbwev3f2nrr3x', 'Allergens by country', 'demo-integrator',
         'allergen-notices', 'draft_01jgfjjz00e2cvsnezve7by4ch', 1, 2),
        ('release_01jgfjjz00fqbt43d756y1g6pw', 'Allergen notices', 'demo-integrator',
         'allergen-notices', 'draft_01jgfjjz00ewmvtmfctzmtxnq6', NULL, 1),
        ('release_01jgfjjz00ee9tvnwqghaeah0q', 'Allergens again', 'demo-integrator',
         'allergen-notices', 'draft_01jgfjjz00e2cvsnezve7by4ch', 1, NULL),
        ('release_01jgfjjz00f8fbvnhmvzfvbswx', 'Recipes by kitchen', 'demo-integrator',
         'recipe-alerts', 'draft_01jgfjjz00enwbbwcn9nqh92m7', 1, NULL),
        ('release_01jgfjjz00ests4wxqpbwhypz5', 'Chats in production', 'demo-admin',
         'chat-bridge-exported', 'draft_01jgfjjz00e7t882c9est8hkrv', NULL, NULL)
    ) AS release (id, title, requester_key, flow_key, draft_id, over_number, version_number)
), request AS (
    INSERT INTO release_request (
        id, workspace_id, title, start, state, requested_by, requested_at, reviewed_by, closed_at
    )
    SELECT
        release.id, flow.workspace_id, title, false,
        CASE WHEN version_number IS NULL THEN 'OPEN' ELSE 'APPLIED' END, requester.id, '2025-01-01T00:00:00Z',
        CASE WHEN version_number IS NOT NULL THEN reviewer.id END,
        CASE WHEN version_number IS NOT NULL THEN timestamptz '2025-01-01T00:00:00Z' END
    FROM release
    JOIN external_key AS requester ON requester.section = 'users' AND requester.key = requester_key
    JOIN external_key AS reviewer ON reviewer.section = 'users' AND reviewer.key = 'demo-admin'
    JOIN external_key AS flow_of ON flow_of.section = 'flows' AND flow_of.key = flow_key
    JOIN flow ON flow.id = flow_of.id
)
INSERT INTO release_item (
    request_id, position, flow_id, flow_name, draft_id, author_id, revision, over_version_id, version_id
)
SELECT release.id, 0, flow.id, flow.name, draft_id, author.id, 1, before.id, published.id
FROM release
JOIN external_key AS author ON author.section = 'users' AND author.key = requester_key
JOIN external_key AS flow_of ON flow_of.section = 'flows' AND flow_of.key = flow_key
JOIN flow ON flow.id = flow_of.id
LEFT JOIN flow_version AS before ON before.flow_id = flow.id AND before.number = over_number
LEFT JOIN flow_version AS published ON published.flow_id = flow.id AND published.number = version_number;
