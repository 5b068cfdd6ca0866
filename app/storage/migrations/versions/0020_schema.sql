-- The schema of revision 0020, as PostgreSQL has it.

-- Tables

CREATE TABLE agent (
    id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_agent PRIMARY KEY (id)
);

CREATE TABLE api_token (
    id text NOT NULL COLLATE "C",
    user_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_api_token PRIMARY KEY (id)
);

-- No standby reads it, and a crash may empty it, so it costs no flush of the log.
CREATE UNLOGGED TABLE caller_position (
    user_id text NOT NULL COLLATE "C",
    "position" bigint NOT NULL,
    CONSTRAINT pk_caller_position PRIMARY KEY (user_id)
);

CREATE TABLE component (
    id text NOT NULL COLLATE "C",
    team_id text NOT NULL COLLATE "C",
    name text NOT NULL COLLATE "C",
    title text NOT NULL,
    access text NOT NULL,
    requires text NOT NULL,
    pub_sub boolean NOT NULL,
    topic_field text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT ck_component_access CHECK (access IN ('TEAM', 'TENANT', 'GLOBAL')),
    CONSTRAINT ck_component_requires CHECK (requires IN ('NONE', 'CREDENTIAL', 'SECRET')),
    CONSTRAINT pk_component PRIMARY KEY (id),
    CONSTRAINT uq_component_team_id_name UNIQUE (team_id, name)
);

CREATE TABLE component_whitelist (
    component_id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    CONSTRAINT pk_component_whitelist PRIMARY KEY (component_id, contract_id)
);

CREATE TABLE contract (
    id text NOT NULL COLLATE "C",
    tenant_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    status text NOT NULL,
    flow_quota integer,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT ck_contract_status CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT pk_contract PRIMARY KEY (id),
    CONSTRAINT uq_contract_id_name_key UNIQUE (id, name_key),
    CONSTRAINT uq_contract_id_tenant_id UNIQUE (id, tenant_id)
);

CREATE TABLE contract_access (
    user_id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    name_key text NOT NULL COLLATE "C",
    role_id text COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_contract_access PRIMARY KEY (user_id, contract_id)
);

CREATE TABLE credential (
    id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    component_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_credential PRIMARY KEY (id)
);

CREATE TABLE event (
    id text NOT NULL COLLATE "C",
    at timestamptz NOT NULL,
    type text NOT NULL,
    actor_id text COLLATE "C",
    workspace_id text COLLATE "C",
    other_workspace_id text COLLATE "C",
    tenant_id text NOT NULL COLLATE "C",
    other_tenant_id text COLLATE "C",
    flow_id text COLLATE "C",
    version_id text COLLATE "C",
    export_id text COLLATE "C",
    request_id text COLLATE "C",
    flow_name text,
    without_review boolean DEFAULT false NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (id),
    CONSTRAINT uq_event_position UNIQUE ("position")
);

CREATE TABLE event_removal (
    feed text NOT NULL COLLATE "C",
    "position" bigint NOT NULL,
    CONSTRAINT pk_event_removal PRIMARY KEY (feed)
);

CREATE TABLE external_key (
    scope_id text NOT NULL COLLATE "C",
    section text NOT NULL COLLATE "C",
    key text NOT NULL COLLATE "C",
    id text NOT NULL COLLATE "C",
    CONSTRAINT ck_external_key_length CHECK ((length(key) >= 1) AND (length(key) <= 255)),
    CONSTRAINT pk_external_key PRIMARY KEY (scope_id, section, key),
    CONSTRAINT uq_external_key_id_scope_id_section UNIQUE (id, scope_id, section)
);

CREATE TABLE feed (
    name text NOT NULL COLLATE "C",
    "position" bigint NOT NULL,
    CONSTRAINT pk_feed PRIMARY KEY (name)
);

CREATE TABLE flow (
    id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    description text,
    cron text,
    type text NOT NULL,
    status text NOT NULL,
    created_by text COLLATE "C",
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_version_id text COLLATE "C",
    draft_revision integer NOT NULL,
    CONSTRAINT ck_flow_draft_revision CHECK (draft_revision >= 0),
    CONSTRAINT ck_flow_status CHECK (status IN ('ACTIVE', 'INACTIVE', 'SUSPENDED')),
    CONSTRAINT ck_flow_type CHECK (type IN ('ORDINARY', 'REAL_TIME')),
    CONSTRAINT pk_flow PRIMARY KEY (id)
);

CREATE TABLE flow_component (
    workspace_id text NOT NULL COLLATE "C",
    team text NOT NULL COLLATE "C",
    name text NOT NULL COLLATE "C",
    flow_id text NOT NULL COLLATE "C",
    CONSTRAINT pk_flow_component PRIMARY KEY (workspace_id, team, name, flow_id)
);

CREATE TABLE flow_content (
    hash text NOT NULL COLLATE "C",
    graph text NOT NULL,
    outline text NOT NULL,
    unreferenced_since timestamptz,
    CONSTRAINT pk_flow_content PRIMARY KEY (hash)
);

CREATE TABLE flow_content_component (
    hash text NOT NULL COLLATE "C",
    team text NOT NULL COLLATE "C",
    name text NOT NULL COLLATE "C",
    CONSTRAINT pk_flow_content_component PRIMARY KEY (hash, team, name)
);

CREATE TABLE flow_draft (
    id text NOT NULL COLLATE "C",
    flow_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    description text,
    cron text,
    content_hash text NOT NULL COLLATE "C",
    bindings text NOT NULL,
    revision integer CONSTRAINT flow_draft_revision_not_null1 NOT NULL,
    author_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    origin text NOT NULL,
    set_aside_at timestamptz,
    set_aside_by text COLLATE "C",
    revert_of text COLLATE "C",
    export_id text COLLATE "C",
    CONSTRAINT ck_flow_draft_origin CHECK (origin IN ('EDIT', 'COPY', 'EXPORT', 'REVERT')),
    CONSTRAINT pk_flow_draft PRIMARY KEY (id)
);

CREATE TABLE flow_export (
    id text NOT NULL COLLATE "C",
    actor_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    copied_from text NOT NULL,
    source_flow_id text COLLATE "C",
    source_version_id text COLLATE "C",
    destination_workspace_id text NOT NULL COLLATE "C",
    destination_flow_id text COLLATE "C",
    draft_id text COLLATE "C",
    set_aside_draft_id text COLLATE "C",
    source_workspace_id text COLLATE "C",
    flow_before text,
    first_change text,
    first_changed_at timestamptz,
    undone_at timestamptz,
    report_hash text COLLATE "C",
    destination_deleted_at timestamptz,
    CONSTRAINT ck_flow_export_copied_from CHECK (copied_from IN ('PUBLISHED_VERSION', 'DRAFT', 'OLDER_VERSION')),
    CONSTRAINT ck_flow_export_first_change CHECK (first_change IN ('EDITED', 'PUBLISHED', 'OVERRIDDEN_AGAIN',
        'DISCARDED', 'ALREADY_UNDONE', 'EXPIRED')),
    CONSTRAINT ck_flow_export_first_change_is_dated CHECK ((first_change IS NULL) = (first_changed_at IS NULL)),
    CONSTRAINT pk_flow_export PRIMARY KEY (id)
);

CREATE TABLE flow_reference (
    flow_id text NOT NULL COLLATE "C",
    reference_id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    name_key text NOT NULL COLLATE "C",
    draft_id text COLLATE "C",
    version_id text COLLATE "C",
    place text GENERATED ALWAYS AS ((workspace_id || reference_id)) STORED COLLATE "C",
    CONSTRAINT pk_flow_reference PRIMARY KEY (flow_id, reference_id)
);

CREATE TABLE flow_version (
    id text NOT NULL COLLATE "C",
    flow_id text NOT NULL COLLATE "C",
    number integer NOT NULL,
    name text NOT NULL,
    description text,
    cron text,
    content_hash text NOT NULL COLLATE "C",
    bindings text NOT NULL,
    published_by text COLLATE "C",
    published_at timestamptz NOT NULL,
    origin text NOT NULL,
    revert_of text COLLATE "C",
    export_id text COLLATE "C",
    CONSTRAINT ck_flow_version_number CHECK (number > 0),
    CONSTRAINT ck_flow_version_origin CHECK (origin IN ('EDIT', 'COPY', 'EXPORT', 'REVERT')),
    CONSTRAINT pk_flow_version PRIMARY KEY (id),
    CONSTRAINT uq_flow_version_flow_id_id UNIQUE (flow_id, id),
    CONSTRAINT uq_flow_version_flow_id_number UNIQUE (flow_id, number)
);

CREATE TABLE idempotency_key (
    actor_id text NOT NULL COLLATE "C",
    call text NOT NULL,
    key text NOT NULL COLLATE "C",
    input_hash text NOT NULL,
    made text CONSTRAINT idempotency_key_outcome_not_null NOT NULL,
    first_used_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency_key PRIMARY KEY (actor_id, call, key)
);

CREATE TABLE inactive_contract_member (
    user_id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    role_id text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_inactive_contract_member PRIMARY KEY (user_id, contract_id)
);

CREATE TABLE inactive_workspace_member (
    user_id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    role_id text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_inactive_workspace_member PRIMARY KEY (user_id, workspace_id)
);

CREATE TABLE pending_event (
    place bigint GENERATED BY DEFAULT AS IDENTITY,
    id text NOT NULL COLLATE "C",
    at timestamptz NOT NULL,
    type text NOT NULL,
    actor_id text COLLATE "C",
    workspace_id text COLLATE "C",
    other_workspace_id text COLLATE "C",
    tenant_id text NOT NULL COLLATE "C",
    other_tenant_id text COLLATE "C",
    flow_id text COLLATE "C",
    version_id text COLLATE "C",
    export_id text COLLATE "C",
    request_id text COLLATE "C",
    flow_name text,
    without_review boolean DEFAULT false NOT NULL,
    CONSTRAINT pk_pending_event PRIMARY KEY (place)
);

CREATE TABLE periodic_task (
    name text NOT NULL COLLATE "C",
    began_at timestamptz NOT NULL,
    CONSTRAINT pk_periodic_task PRIMARY KEY (name)
);

CREATE TABLE reference_report (
    hash text NOT NULL COLLATE "C",
    "references" text NOT NULL,
    CONSTRAINT pk_reference_report PRIMARY KEY (hash)
);

CREATE TABLE role (
    id text NOT NULL COLLATE "C",
    tenant_id text COLLATE "C",
    scope text NOT NULL,
    name text NOT NULL,
    permissions text[] NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_role PRIMARY KEY (id),
    CONSTRAINT uq_role_tenant_id_scope_name UNIQUE NULLS NOT DISTINCT (tenant_id, scope, name)
);

CREATE TABLE schema_compatibility (
    oldest_revision text NOT NULL COLLATE "C",
    CONSTRAINT pk_schema_compatibility PRIMARY KEY (oldest_revision)
);

CREATE TABLE secret (
    id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    component_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_secret PRIMARY KEY (id)
);

CREATE TABLE team (
    id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    tenant_id text NOT NULL COLLATE "C",
    name text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_team PRIMARY KEY (id),
    CONSTRAINT uq_team_tenant_id_name UNIQUE (tenant_id, name)
);

CREATE TABLE tenant (
    id text NOT NULL COLLATE "C",
    name text NOT NULL,
    component_whitelist boolean NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_tenant PRIMARY KEY (id)
);

CREATE TABLE tenant_member (
    tenant_id text NOT NULL COLLATE "C",
    user_id text NOT NULL COLLATE "C",
    role_id text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_tenant_member PRIMARY KEY (tenant_id, user_id)
);

CREATE TABLE topic (
    id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    schema_text text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_topic PRIMARY KEY (id)
);

CREATE TABLE user_account (
    id text NOT NULL COLLATE "C",
    first_name text NOT NULL,
    last_name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    active boolean DEFAULT true NOT NULL,
    tenant_id text COLLATE "C",
    last_name_key text DEFAULT ''::text NOT NULL COLLATE "C",
    first_name_key text DEFAULT ''::text NOT NULL COLLATE "C",
    active_at_home boolean DEFAULT true NOT NULL,
    CONSTRAINT pk_user_account PRIMARY KEY (id),
    CONSTRAINT uq_user_account_email_key UNIQUE (email_key)
);

CREATE TABLE workspace (
    id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    type text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT ck_workspace_type CHECK (type IN ('FULL', 'LIMITED')),
    CONSTRAINT pk_workspace PRIMARY KEY (id),
    CONSTRAINT uq_workspace_id_contract_id UNIQUE (id, contract_id)
);

CREATE TABLE workspace_access (
    user_id text NOT NULL COLLATE "C",
    workspace_id text NOT NULL COLLATE "C",
    contract_id text NOT NULL COLLATE "C",
    name_key text NOT NULL COLLATE "C",
    role_id text COLLATE "C",
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_workspace_access PRIMARY KEY (user_id, workspace_id)
);

-- Foreign keys

ALTER TABLE agent ADD CONSTRAINT fk_agent_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace(id);
ALTER TABLE api_token ADD CONSTRAINT fk_api_token_user_id FOREIGN KEY (user_id) REFERENCES user_account(id) ON DELETE
    CASCADE;
ALTER TABLE component ADD CONSTRAINT fk_component_team_id FOREIGN KEY (team_id) REFERENCES team(id);
ALTER TABLE component_whitelist ADD CONSTRAINT fk_component_whitelist_component_id FOREIGN KEY (component_id)
    REFERENCES component(id) ON DELETE CASCADE;
ALTER TABLE component_whitelist ADD CONSTRAINT fk_component_whitelist_contract_id FOREIGN KEY (contract_id) REFERENCES
    contract(id) ON DELETE CASCADE;
ALTER TABLE contract_access ADD CONSTRAINT fk_contract_access_contract_id_name_key FOREIGN KEY (contract_id, name_key)
    REFERENCES contract(id, name_key) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE contract_access ADD CONSTRAINT fk_contract_access_role_id FOREIGN KEY (role_id) REFERENCES role(id);
ALTER TABLE contract_access ADD CONSTRAINT fk_contract_access_user_id FOREIGN KEY (user_id) REFERENCES
    user_account(id) ON DELETE CASCADE;
ALTER TABLE contract ADD CONSTRAINT fk_contract_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenant(id);
ALTER TABLE credential ADD CONSTRAINT fk_credential_component_id FOREIGN KEY (component_id) REFERENCES component(id);
ALTER TABLE credential ADD CONSTRAINT fk_credential_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace(id);
ALTER TABLE flow_component ADD CONSTRAINT fk_flow_component_flow_id FOREIGN KEY (flow_id) REFERENCES flow(id) ON
    DELETE CASCADE;
ALTER TABLE flow_content_component ADD CONSTRAINT fk_flow_content_component_hash FOREIGN KEY (hash) REFERENCES
    flow_content(hash) ON DELETE CASCADE;
ALTER TABLE flow ADD CONSTRAINT fk_flow_created_by FOREIGN KEY (created_by) REFERENCES user_account(id) ON DELETE SET
    NULL;
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_author_id FOREIGN KEY (author_id) REFERENCES user_account(id) ON
    DELETE SET NULL;
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_content_hash FOREIGN KEY (content_hash) REFERENCES
    flow_content(hash);
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_export_id FOREIGN KEY (export_id) REFERENCES flow_export(id);
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_flow_id FOREIGN KEY (flow_id) REFERENCES flow(id) ON DELETE
    CASCADE;
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_revert_of FOREIGN KEY (revert_of) REFERENCES flow_version(id) ON
    DELETE SET NULL;
ALTER TABLE flow_draft ADD CONSTRAINT fk_flow_draft_set_aside_by FOREIGN KEY (set_aside_by) REFERENCES
    user_account(id) ON DELETE SET NULL;
ALTER TABLE flow_export ADD CONSTRAINT fk_flow_export_report_hash FOREIGN KEY (report_hash) REFERENCES
    reference_report(hash);
ALTER TABLE flow ADD CONSTRAINT fk_flow_published_version FOREIGN KEY (id, published_version_id) REFERENCES
    flow_version(flow_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE flow_reference ADD CONSTRAINT fk_flow_reference_flow_id FOREIGN KEY (flow_id) REFERENCES flow(id) ON
    DELETE CASCADE;
ALTER TABLE flow_version ADD CONSTRAINT fk_flow_version_content_hash FOREIGN KEY (content_hash) REFERENCES
    flow_content(hash);
ALTER TABLE flow_version ADD CONSTRAINT fk_flow_version_export_id FOREIGN KEY (export_id) REFERENCES flow_export(id);
ALTER TABLE flow_version ADD CONSTRAINT fk_flow_version_flow_id FOREIGN KEY (flow_id) REFERENCES flow(id) ON DELETE
    CASCADE;
ALTER TABLE flow_version ADD CONSTRAINT fk_flow_version_published_by FOREIGN KEY (published_by) REFERENCES
    user_account(id) ON DELETE SET NULL;
ALTER TABLE flow_version ADD CONSTRAINT fk_flow_version_revert_of FOREIGN KEY (revert_of) REFERENCES flow_version(id)
    ON DELETE SET NULL;
ALTER TABLE flow ADD CONSTRAINT fk_flow_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace(id);
ALTER TABLE idempotency_key ADD CONSTRAINT fk_idempotency_key_actor_id FOREIGN KEY (actor_id) REFERENCES
    user_account(id) ON DELETE CASCADE;
ALTER TABLE inactive_contract_member ADD CONSTRAINT fk_inactive_contract_member_contract_id FOREIGN KEY (contract_id)
    REFERENCES contract(id) ON DELETE CASCADE;
ALTER TABLE inactive_contract_member ADD CONSTRAINT fk_inactive_contract_member_role_id FOREIGN KEY (role_id)
    REFERENCES role(id);
ALTER TABLE inactive_contract_member ADD CONSTRAINT fk_inactive_contract_member_user_id FOREIGN KEY (user_id)
    REFERENCES user_account(id) ON DELETE CASCADE;
ALTER TABLE inactive_workspace_member ADD CONSTRAINT fk_inactive_workspace_member_role_id FOREIGN KEY (role_id)
    REFERENCES role(id);
ALTER TABLE inactive_workspace_member ADD CONSTRAINT fk_inactive_workspace_member_user_id FOREIGN KEY (user_id)
    REFERENCES user_account(id) ON DELETE CASCADE;
ALTER TABLE inactive_workspace_member ADD CONSTRAINT fk_inactive_workspace_member_workspace_id FOREIGN KEY
    (workspace_id) REFERENCES workspace(id) ON DELETE CASCADE;
ALTER TABLE role ADD CONSTRAINT fk_role_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenant(id);
ALTER TABLE secret ADD CONSTRAINT fk_secret_component_id FOREIGN KEY (component_id) REFERENCES component(id);
ALTER TABLE secret ADD CONSTRAINT fk_secret_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace(id);
ALTER TABLE team ADD CONSTRAINT fk_team_contract_id_tenant_id FOREIGN KEY (contract_id, tenant_id) REFERENCES
    contract(id, tenant_id);
ALTER TABLE tenant_member ADD CONSTRAINT fk_tenant_member_role_id FOREIGN KEY (role_id) REFERENCES role(id);
ALTER TABLE tenant_member ADD CONSTRAINT fk_tenant_member_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenant(id) ON
    DELETE CASCADE;
ALTER TABLE tenant_member ADD CONSTRAINT fk_tenant_member_user_id FOREIGN KEY (user_id) REFERENCES user_account(id) ON
    DELETE CASCADE;
ALTER TABLE topic ADD CONSTRAINT fk_topic_workspace_id FOREIGN KEY (workspace_id) REFERENCES workspace(id);
ALTER TABLE user_account ADD CONSTRAINT fk_user_account_tenant_id FOREIGN KEY (tenant_id) REFERENCES tenant(id);
ALTER TABLE workspace_access ADD CONSTRAINT fk_workspace_access_role_id FOREIGN KEY (role_id) REFERENCES role(id);
ALTER TABLE workspace_access ADD CONSTRAINT fk_workspace_access_user_id FOREIGN KEY (user_id) REFERENCES
    user_account(id) ON DELETE CASCADE;
ALTER TABLE workspace_access ADD CONSTRAINT fk_workspace_access_workspace_id_contract_id FOREIGN KEY (workspace_id,
    contract_id) REFERENCES workspace(id, contract_id) ON DELETE CASCADE;
ALTER TABLE workspace ADD CONSTRAINT fk_workspace_contract_id FOREIGN KEY (contract_id) REFERENCES contract(id);

-- Indexes

CREATE INDEX ix_agent_workspace_id_name_key_id ON agent (workspace_id, name_key, id);
CREATE INDEX ix_api_token_user_id ON api_token (user_id);
CREATE INDEX ix_component_whitelist_contract_id ON component_whitelist (contract_id);
CREATE INDEX ix_contract_access_by_name ON contract_access (user_id, name_key, contract_id);
CREATE INDEX ix_contract_access_contract_id_user_id ON contract_access (contract_id, user_id);
CREATE INDEX ix_contract_tenant_id ON contract (tenant_id);
CREATE INDEX ix_credential_component_id ON credential (component_id);
CREATE INDEX ix_credential_workspace_id_component_id_name_key_id ON credential (workspace_id, component_id, name_key,
    id);
CREATE INDEX ix_credential_workspace_id_name_key_id ON credential (workspace_id, name_key, id);
CREATE INDEX ix_event_other_tenant_id_position ON event (other_tenant_id, "position")
    WHERE (other_tenant_id IS NOT NULL);
CREATE INDEX ix_event_other_tenant_id_type_position ON event (other_tenant_id, type, "position")
    WHERE (other_tenant_id IS NOT NULL);
CREATE INDEX ix_event_other_workspace_id_position ON event (other_workspace_id, "position")
    WHERE (other_workspace_id IS NOT NULL);
CREATE INDEX ix_event_other_workspace_id_type_position ON event (other_workspace_id, type, "position")
    WHERE (other_workspace_id IS NOT NULL);
CREATE INDEX ix_event_tenant_id_position ON event (tenant_id, "position");
CREATE INDEX ix_event_tenant_id_type_position ON event (tenant_id, type, "position");
CREATE INDEX ix_event_workspace_id_flow_id_type_position ON event (workspace_id, flow_id, type, "position");
CREATE INDEX ix_event_workspace_id_position ON event (workspace_id, "position");
CREATE INDEX ix_event_workspace_id_type_position ON event (workspace_id, type, "position");
CREATE INDEX ix_flow_component_flow_id ON flow_component (flow_id);
CREATE INDEX ix_flow_created_by_workspace_id_name_key_id ON flow (created_by, workspace_id, name_key, id);
CREATE INDEX ix_flow_draft_author_id ON flow_draft (author_id);
CREATE INDEX ix_flow_draft_content_hash ON flow_draft (content_hash);
CREATE INDEX ix_flow_draft_expiry ON flow_draft (set_aside_at, id) WHERE (set_aside_at IS NOT NULL);
CREATE INDEX ix_flow_draft_export_id ON flow_draft (export_id) WHERE (export_id IS NOT NULL);
CREATE INDEX ix_flow_draft_revert_of ON flow_draft (revert_of) WHERE (revert_of IS NOT NULL);
CREATE INDEX ix_flow_draft_set_aside ON flow_draft (flow_id, set_aside_at, id);
CREATE INDEX ix_flow_draft_set_aside_by ON flow_draft (set_aside_by) WHERE (set_aside_by IS NOT NULL);
CREATE INDEX ix_flow_export_copies ON flow_export (source_flow_id, destination_workspace_id, destination_flow_id,
    created_at, id);
CREATE INDEX ix_flow_export_destination_flow_id ON flow_export (destination_flow_id);
CREATE INDEX ix_flow_export_destination_workspace_id ON flow_export (destination_workspace_id);
CREATE INDEX ix_flow_export_draft_id ON flow_export (draft_id);
CREATE INDEX ix_flow_export_expiry ON flow_export (LEAST(undone_at, destination_deleted_at), id)
    WHERE ((undone_at IS NOT NULL) OR (destination_deleted_at IS NOT NULL));
CREATE INDEX ix_flow_export_of_source ON flow_export (source_flow_id, id);
CREATE INDEX ix_flow_export_report_hash ON flow_export (report_hash);
CREATE INDEX ix_flow_export_source_workspace_id ON flow_export (source_workspace_id);
CREATE INDEX ix_flow_reference_by_name ON flow_reference (place, name_key, flow_id);
CREATE INDEX ix_flow_version_content_hash ON flow_version (content_hash);
CREATE INDEX ix_flow_version_export_id ON flow_version (export_id) WHERE (export_id IS NOT NULL);
CREATE INDEX ix_flow_version_published_by ON flow_version (published_by);
CREATE INDEX ix_flow_version_revert_of ON flow_version (revert_of) WHERE (revert_of IS NOT NULL);
CREATE INDEX ix_flow_with_status ON flow (((workspace_id || status)));
CREATE INDEX ix_flow_with_type ON flow (((workspace_id || type)));
CREATE INDEX ix_flow_without_version ON flow (((workspace_id || ((published_version_id IS NULL))::text)));
CREATE INDEX ix_flow_workspace_id_created_at_id ON flow (workspace_id, created_at, id);
CREATE INDEX ix_flow_workspace_id_name_key_id ON flow (workspace_id, name_key, id);
CREATE INDEX ix_flow_workspace_id_updated_at_id ON flow (workspace_id, updated_at, id);
CREATE INDEX ix_idempotency_key_first_used_at ON idempotency_key (first_used_at);
CREATE INDEX ix_inactive_contract_member_contract_id ON inactive_contract_member (contract_id);
CREATE INDEX ix_inactive_workspace_member_workspace_id ON inactive_workspace_member (workspace_id);
CREATE INDEX ix_secret_component_id ON secret (component_id);
CREATE INDEX ix_secret_workspace_id_component_id_name_key_id ON secret (workspace_id, component_id, name_key, id);
CREATE INDEX ix_secret_workspace_id_name_key_id ON secret (workspace_id, name_key, id);
CREATE INDEX ix_team_contract_id ON team (contract_id);
CREATE INDEX ix_team_name ON team (name);
CREATE INDEX ix_tenant_member_user_id ON tenant_member (user_id);
CREATE INDEX ix_topic_workspace_id_name_key_id ON topic (workspace_id, name_key, id);
CREATE INDEX ix_user_account_tenant_id ON user_account (tenant_id);
CREATE INDEX ix_workspace_access_by_contract ON workspace_access (user_id, contract_id, name_key, workspace_id);
CREATE INDEX ix_workspace_access_by_name ON workspace_access (user_id, name_key, workspace_id);
CREATE INDEX ix_workspace_access_workspace_id_user_id ON workspace_access (workspace_id, user_id);
CREATE INDEX ix_workspace_contract_id_type ON workspace (contract_id, type);
CREATE UNIQUE INDEX uq_flow_draft_active ON flow_draft (flow_id) WHERE (set_aside_at IS NULL);

-- Functions and triggers

CREATE FUNCTION forget_external_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM external_key USING deleted_rows WHERE external_key.id = deleted_rows.id;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_external_keys_of_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM external_key USING deleted_rows WHERE scope_id = deleted_rows.id;
    RETURN NULL;
END $$;

CREATE FUNCTION forget_references_of_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM flow_reference AS used USING deleted_rows AS state
    WHERE used.flow_id = state.flow_id AND used.draft_id = state.id AND used.version_id IS NULL;
    UPDATE flow_reference AS used SET draft_id = NULL FROM deleted_rows AS state
    WHERE used.flow_id = state.flow_id AND used.draft_id = state.id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_components() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flow_component (workspace_id, team, name, flow_id)
    SELECT flow.workspace_id, used.team, used.name, flow.id
    FROM (SELECT NEW.flow_id, NEW.content_hash) AS holder
    JOIN flow ON flow.id = holder.flow_id
    JOIN flow_content_component AS used ON used.hash = holder.content_hash
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION note_components_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flow_component (workspace_id, team, name, flow_id)
    SELECT flow.workspace_id, used.team, used.name, flow.id
    FROM new_rows AS holder
    JOIN flow ON flow.id = holder.flow_id
    JOIN flow_content_component AS used ON used.hash = holder.content_hash
    ORDER BY flow.workspace_id, used.team, used.name, flow.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- Triggers, so that it holds for whatever deletes a flow: an older release, or somebody with psql.
CREATE FUNCTION note_deleted_destinations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE flow_export SET destination_deleted_at = now() FROM deleted_flows
    WHERE destination_flow_id = deleted_flows.id AND destination_deleted_at IS NULL;
    RETURN NULL;
END $$;

-- A text that isn't an id refers to nothing, and may be longer than an index takes.
CREATE FUNCTION note_references_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM flow_reference AS used USING (SELECT OLD.*) AS state
    WHERE used.flow_id = state.flow_id AND used.draft_id = state.id AND used.version_id IS NULL;
    UPDATE flow_reference AS used SET draft_id = NULL FROM (SELECT OLD.*) AS state
    WHERE used.flow_id = state.flow_id AND used.draft_id = state.id;
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, draft_id)
    SELECT DISTINCT flow.id, bound.reference_id, flow.workspace_id, flow.name_key, state.id
    FROM (SELECT NEW.*) AS state
    JOIN flow ON flow.id = state.flow_id AND state.set_aside_at IS NULL
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET draft_id = excluded.draft_id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_references_of_new_drafts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, draft_id)
    SELECT DISTINCT flow.id, bound.reference_id, flow.workspace_id, flow.name_key, state.id
    FROM new_rows AS state
    JOIN flow ON flow.id = state.flow_id AND state.set_aside_at IS NULL
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET draft_id = excluded.draft_id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_references_of_new_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, version_id)
    SELECT DISTINCT flow.id, bound.reference_id, flow.workspace_id, flow.name_key, state.id
    FROM new_rows AS state
    JOIN flow ON flow.id = state.flow_id AND flow.published_version_id = state.id
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET version_id = excluded.version_id;
    RETURN NULL;
END $$;

CREATE FUNCTION note_references_of_published() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM flow_reference AS used USING (SELECT OLD.published_version_id AS id, OLD.id AS flow_id) AS state
    WHERE used.flow_id = state.flow_id AND used.version_id = state.id AND used.draft_id IS NULL;
    UPDATE flow_reference AS used SET version_id = NULL FROM (SELECT OLD.published_version_id AS id, OLD.id AS flow_id) AS state
    WHERE used.flow_id = state.flow_id AND used.version_id = state.id;
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, version_id)
    SELECT DISTINCT flow.id, bound.reference_id, flow.workspace_id, flow.name_key, state.id
    FROM (SELECT * FROM flow_version WHERE id = NEW.published_version_id) AS state
    JOIN flow ON flow.id = state.flow_id AND flow.published_version_id = state.id
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET version_id = excluded.version_id;
    RETURN NULL;
END $$;

CREATE FUNCTION rename_references() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE flow_reference SET name_key = NEW.name_key WHERE flow_id = NEW.id;
    RETURN NULL;
END $$;

-- A trigger instead of ON UPDATE CASCADE: while a column of a unique index changes, PostgreSQL holds up each insert
-- of a row that refers to the row.
CREATE FUNCTION rename_workspaces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE workspace_access SET name_key = renamed.name_key FROM renamed
    WHERE workspace_id = renamed.id AND workspace_access.name_key <> renamed.name_key;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_external_keys AFTER DELETE ON agent REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON component REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON contract REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON credential REFERENCING OLD TABLE AS deleted_rows FOR EACH
    STATEMENT EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON flow REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON role REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON secret REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON team REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON tenant REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON topic REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON user_account REFERENCING OLD TABLE AS deleted_rows FOR EACH
    STATEMENT EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys AFTER DELETE ON workspace REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_external_keys();
CREATE TRIGGER forget_external_keys_of_tenant AFTER DELETE ON tenant REFERENCING OLD TABLE AS deleted_rows FOR EACH
    STATEMENT EXECUTE FUNCTION forget_external_keys_of_tenant();
CREATE TRIGGER forget_references AFTER DELETE ON flow_draft REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT
    EXECUTE FUNCTION forget_references_of_drafts();
CREATE TRIGGER note_components AFTER UPDATE OF content_hash ON flow_draft FOR EACH ROW EXECUTE FUNCTION
    note_components();
CREATE TRIGGER note_components AFTER UPDATE OF content_hash ON flow_version FOR EACH ROW EXECUTE FUNCTION
    note_components();
CREATE TRIGGER note_components_of_new AFTER INSERT ON flow_draft REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION note_components_of_new();
CREATE TRIGGER note_components_of_new AFTER INSERT ON flow_version REFERENCING NEW TABLE AS new_rows FOR EACH
    STATEMENT EXECUTE FUNCTION note_components_of_new();
CREATE TRIGGER note_deleted_destinations AFTER DELETE ON flow REFERENCING OLD TABLE AS deleted_flows FOR EACH
    STATEMENT EXECUTE FUNCTION note_deleted_destinations();
CREATE TRIGGER note_references AFTER UPDATE OF bindings, set_aside_at ON flow_draft FOR EACH ROW WHEN (((old.bindings
    <> new.bindings) OR (old.set_aside_at IS DISTINCT FROM new.set_aside_at))) EXECUTE FUNCTION
    note_references_of_draft();
CREATE TRIGGER note_references_of_new AFTER INSERT ON flow_draft REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION note_references_of_new_drafts();
CREATE TRIGGER note_references_of_new_version AFTER INSERT ON flow_version REFERENCING NEW TABLE AS new_rows FOR EACH
    STATEMENT EXECUTE FUNCTION note_references_of_new_versions();
CREATE TRIGGER note_references_of_published AFTER UPDATE OF published_version_id ON flow FOR EACH ROW WHEN
    ((old.published_version_id IS DISTINCT FROM new.published_version_id)) EXECUTE FUNCTION
    note_references_of_published();
CREATE TRIGGER rename_references AFTER UPDATE OF name_key ON flow FOR EACH ROW WHEN ((old.name_key <> new.name_key))
    EXECUTE FUNCTION rename_references();
CREATE TRIGGER rename_workspaces AFTER UPDATE ON workspace REFERENCING NEW TABLE AS renamed FOR EACH STATEMENT EXECUTE
    FUNCTION rename_workspaces();

-- Rows

INSERT INTO role (id, scope, name, permissions)
    SELECT role_id, 'WORKSPACE', name, ARRAY[
        'workspaces.workspace.get', 'workspaces.flow.get', 'workspaces.credential.get', 'workspaces.topic.get',
        'workspaces.flow.edit', 'workspaces.flow.toggleStatus', 'workspaces.credential.edit',
        'workspaces.topic.create', 'workspaces.topic.edit', 'workspaces.topic.delete'
    ]
    FROM (VALUES
        ('role_00000000000000000000000001', 'owner'),
        ('role_00000000000000000000000002', 'admin'),
        ('role_00000000000000000000000003', 'integrator')
    ) AS built_in (role_id, name);
INSERT INTO role (id, scope, name, permissions) VALUES
    ('role_00000000000000000000000004', 'WORKSPACE', 'guest', ARRAY[
        'workspaces.workspace.get', 'workspaces.flow.get', 'workspaces.credential.get', 'workspaces.topic.get'
    ]),
    ('role_00000000000000000000000005', 'CONTRACT', 'owner', ARRAY['contracts.contract.get', 'contracts.contract.edit']),
    ('role_00000000000000000000000006', 'CONTRACT', 'admin', ARRAY['contracts.contract.get', 'contracts.contract.edit']),
    ('role_00000000000000000000000007', 'CONTRACT', 'integrator', ARRAY['contracts.contract.get']),
    ('role_00000000000000000000000008', 'CONTRACT', 'guest', ARRAY['contracts.contract.get']),
    ('role_00000000000000000000000009', 'TENANT', 'provisioner', ARRAY['tenants.world.edit', 'tenants.event.get']);
INSERT INTO feed (name, position) VALUES ('events', 0);
