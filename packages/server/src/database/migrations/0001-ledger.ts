/**
 * The first tables: ledger, entities, losing sides, feed head and feed.
 *
 * Tenant first in every primary key, ids made by the app, no sequences: the same statements run on one PostgreSQL or
 * on many. Ids are compared by bytes (`collate "C"`): cheap, the same everywhere, and UUIDv7 then sort by time.
 */
export const ledgerMigration = `
create schema if not exists holdfast;

do $$ begin
  create role holdfast_app nologin nosuperuser nobypassrls;
exception when duplicate_object or unique_violation then null;
end $$;

do $$ begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant holdfast_app to %I', current_user);
  end if;
exception when insufficient_privilege then
  null; -- Somebody else made the role; if this login may not take it on, the start-up check says so.
end $$;

grant usage on schema holdfast to holdfast_app;

create table holdfast.ledger (
  tenant text collate "C" not null,
  id text collate "C" not null,
  user_id text collate "C" not null,
  device text collate "C" not null,
  type text collate "C" not null,
  -- SHA-256 of what makes the operation itself, hex; null for a tombstone whose operation never came.
  hash text collate "C",
  -- Null only inside the transaction that claims the id.
  code text collate "C",
  outcome jsonb,
  -- The operation that took this one's place.
  successor text collate "C",
  at timestamptz not null,
  primary key (tenant, id)
);

create table holdfast.entities (
  tenant text collate "C" not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  version integer not null,
  -- Null when it has been removed: the row stays, so that its versions never start again.
  state jsonb,
  last_modified timestamptz not null,
  primary key (tenant, kind, id)
);

create table holdfast.losing_sides (
  tenant text collate "C" not null,
  -- The operation that met the conflict.
  operation text collate "C" not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  version integer not null,
  -- 'current': the entity's state at that version, which was overwritten. 'operation': the payload that was not applied.
  side text collate "C" not null,
  data jsonb not null,
  at timestamptz not null,
  primary key (tenant, operation)
);

create table holdfast.feed_head (
  tenant text collate "C" not null primary key,
  seq bigint not null,
  epoch text collate "C" not null
);

create table holdfast.feed (
  tenant text collate "C" not null,
  seq bigint not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  version integer not null,
  deleted boolean not null,
  at timestamptz not null,
  primary key (tenant, seq)
);

do $$
declare name text;
begin
  foreach name in array array['ledger', 'entities', 'losing_sides', 'feed_head', 'feed'] loop
    execute format('alter table holdfast.%I enable row level security', name);
    execute format('alter table holdfast.%I force row level security', name);
    execute format(
      'create policy tenant_only on holdfast.%I
         using (tenant = nullif(current_setting(''app.tenant'', true), ''''))
         with check (tenant = nullif(current_setting(''app.tenant'', true), ''''))', name);
  end loop;
end $$;

grant select, insert, update, delete on holdfast.ledger to holdfast_app;
grant select, insert, update on holdfast.entities, holdfast.feed_head to holdfast_app;
grant select, insert on holdfast.losing_sides, holdfast.feed to holdfast_app;
`
