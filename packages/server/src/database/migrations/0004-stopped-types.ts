/** The kill switch's table. It holds no tenant's data, and the app's role has no business in it. */
export const stoppedTypesMigration = `
create table holdfast.stopped_types (
  type text collate "C" not null primary key,
  until timestamptz,
  reason text,
  at timestamptz not null default now()
);
`
