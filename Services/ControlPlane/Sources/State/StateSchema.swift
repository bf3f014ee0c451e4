// The control plane's one file, `<state>/control/state.db`:
//
//   plane ─┬─ projects ─┬─ streams ─┬─ streams (derived)          a row cannot go while another one names it,
//          │            │           └─ credentials                 except along the arrows marked "with"
//          │            └─ project_members (with project, user)
//          ├─ users
//          ├─ invites
//          ├─ policies
//          └─ installations ── component_states (with installation)
//   logins, refresh_tokens, password_links: see `State+Logins`
//   audit                                                          only ever grows
//
// What is looked up or constrained has a column of its own; the rest of an entity is `body`, the binary form of its message in
// the interface definitions, so that a field that is added there needs no migration here. Ids are lower-case UUIDs, times are
// milliseconds since 1970, secrets are sealed (`StateSecrets`) or kept as a hash.

import SQLite

/// The tables, by migration: steps are only ever added.
enum StateSchema {
    static let format = DatabaseFormat(
        applicationID: 0x5063_7472,  // "Pctr"
        steps: [first, logins, contracts, resources, monitoring, usage, dataSubjects])

    private static let first = """
        CREATE TABLE plane (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            organization_id TEXT NOT NULL,
            organization TEXT NOT NULL,
            handle TEXT NOT NULL DEFAULT '',
            default_project_id TEXT NOT NULL,
            key_check BLOB NOT NULL,
            revision INTEGER NOT NULL DEFAULT 1,
            created INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE users (
            id TEXT PRIMARY KEY,
            email TEXT NOT NULL UNIQUE COLLATE NOCASE,
            first_name TEXT NOT NULL DEFAULT '',
            last_name TEXT NOT NULL DEFAULT '',
            function_title TEXT NOT NULL DEFAULT '',
            roles INTEGER NOT NULL,
            password TEXT,
            is_onboarded INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE invites (
            email TEXT PRIMARY KEY COLLATE NOCASE,
            role INTEGER NOT NULL,
            state INTEGER NOT NULL,
            invited INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE projects (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            state INTEGER NOT NULL,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE project_members (
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
            PRIMARY KEY (project_id, user_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX memberships ON project_members (user_id);
        CREATE TABLE policies (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            state INTEGER NOT NULL,
            body BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE streams (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL REFERENCES projects,
            name TEXT NOT NULL,
            source INTEGER REFERENCES streams,
            policy_id TEXT,
            body BLOB NOT NULL,
            sealed_mask_seed BLOB,
            created INTEGER NOT NULL,
            UNIQUE (project_id, name)
        ) STRICT;
        CREATE INDEX derived_streams ON streams (source) WHERE source IS NOT NULL;
        CREATE INDEX streams_of_policies ON streams (policy_id) WHERE policy_id IS NOT NULL;
        CREATE TABLE credentials (
            client_id TEXT PRIMARY KEY,
            stream INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
            digest BLOB NOT NULL,
            sealed_secret BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX credentials_of_streams ON credentials (stream, created);
        CREATE TABLE installations (
            id TEXT PRIMARY KEY,
            type INTEGER NOT NULL,
            client_id TEXT NOT NULL UNIQUE,
            digest BLOB NOT NULL,
            sealed_secret BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE component_states (
            number INTEGER PRIMARY KEY,
            installation_id TEXT NOT NULL REFERENCES installations ON DELETE CASCADE,
            component INTEGER NOT NULL,
            instance TEXT NOT NULL,
            type INTEGER NOT NULL,
            message TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX component_states_of_instances ON component_states (installation_id, component, instance, number);
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor_kind TEXT NOT NULL,
            actor_id TEXT NOT NULL,
            actor_name TEXT NOT NULL,
            method TEXT NOT NULL,
            kind TEXT NOT NULL,
            project_id TEXT NOT NULL,
            reference TEXT NOT NULL,
            before TEXT,
            after TEXT
        ) STRICT;
        CREATE INDEX audit_of_entities ON audit (kind, reference, number);
        CREATE INDEX audit_of_projects ON audit (project_id, number);
        """
}
