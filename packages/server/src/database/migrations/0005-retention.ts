/** Retention: which rows of the ledger still say more than their code, and which tenants there are. */
export const retentionMigration = `
create table holdfast.tenants (
  id text collate "C" not null primary key,
  since timestamptz not null default now()
);
-- The owner of forced tables sees no tenant's rows either, and these two statements are about all of them.
alter table holdfast.ledger no force row level security;
alter table holdfast.feed_head no force row level security;
insert into holdfast.tenants (id) select h.tenant from holdfast.feed_head h on conflict (id) do nothing;
alter table holdfast.ledger add column has_detail boolean not null default false;
update holdfast.ledger l set has_detail = true
where l.outcome ?| array['result', 'current', 'conflictFields', 'problem', 'first'];
alter table holdfast.ledger force row level security;
alter table holdfast.feed_head force row level security;
-- Only rows that have something to trim are in it, and most operations leave nothing: their writes cost no more.
create index ledger_detail on holdfast.ledger (tenant, at) where has_detail;
`
