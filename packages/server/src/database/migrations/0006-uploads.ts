/**
 * Uploads: one row for each, bound to its user, to the operation that will name it and to the hash of its bytes. The
 * bytes lie in files; a row becomes `whole` only after its file does, so a whole row always has its file.
 */
export const uploadsMigration = `
create table holdfast.uploads (
  tenant text collate "C" not null,
  id text collate "C" not null,
  user_id text collate "C" not null,
  -- The operation that will name it; null for an upload by a form.
  operation text collate "C",
  -- SHA-256 of the bytes as they are sent, hex.
  sha256 text collate "C" not null,
  size_bytes bigint not null,
  -- 'open' or 'whole'.
  kind text collate "C" not null,
  -- SHA-256 of the bytes as they are kept, hex: the name of the file. Uploads with the same bytes share it.
  blob text collate "C",
  media_type text collate "C",
  created_at timestamptz not null,
  primary key (tenant, id)
);
create index uploads_by_user on holdfast.uploads (tenant, user_id, created_at);
create index uploads_by_hash on holdfast.uploads (tenant, user_id, sha256) where kind = 'whole';
create index uploads_by_blob on holdfast.uploads (tenant, blob) where blob is not null;
create index uploads_open on holdfast.uploads (tenant, created_at) where kind = 'open';

alter table holdfast.uploads enable row level security;
alter table holdfast.uploads force row level security;
create policy tenant_only on holdfast.uploads
  using (tenant = nullif(current_setting('app.tenant', true), ''))
  with check (tenant = nullif(current_setting('app.tenant', true), ''));
grant select, insert, update, delete on holdfast.uploads to holdfast_app;
`
