/**
 * Jobs: the work itself, what each attempt cost, what a tenant may spend, when a tenant's work was held, and the clock
 * of each type of job.
 *
 * A worker serves all tenants, so it must learn which of them have something due. That is all that
 * `tenants_with_jobs` tells, and only to the login: the app's role may not call it. The worker then goes into each
 * tenant's own transaction, behind the same wall as everybody.
 */
export const jobsMigration = `
create table holdfast.job_types (
  type text collate "C" not null primary key,
  -- The operator's switch.
  is_on boolean not null,
  -- How long jobs of this type could have been worked at, ms; and when that was last added to.
  clock_ms bigint not null,
  ticked_at timestamptz not null
);

create table holdfast.jobs (
  tenant text collate "C" not null,
  id text collate "C" not null,
  -- The operation that asked for it, and whose it was.
  operation text collate "C" not null,
  user_id text collate "C" not null,
  type text collate "C" not null,
  -- 0 high, 1 medium, 2 low.
  priority smallint not null,
  payload jsonb not null,
  kind text collate "C" not null,
  version integer not null,
  attempt integer not null,
  failures integer not null,
  -- The working clock's time when this round began, ms.
  since_clock_ms bigint not null,
  -- When somebody has to look again: the earliest start, or the end of the lease; null when it has ended.
  wake_at timestamptz,
  worker text collate "C",
  failure jsonb,
  cause text collate "C",
  result jsonb,
  enqueued_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  primary key (tenant, id)
);
create index jobs_wake on holdfast.jobs (tenant, wake_at) where wake_at is not null;
create index jobs_due on holdfast.jobs (tenant, priority, wake_at, id) where kind = 'queued';
create index jobs_by_kind on holdfast.jobs (tenant, kind, ended_at);

create table holdfast.job_costs (
  tenant text collate "C" not null,
  job text collate "C" not null,
  attempt integer not null,
  type text collate "C" not null,
  -- Millionths of the currency.
  amount_micros bigint not null,
  currency text collate "C" not null,
  -- The version of the price list that it was reckoned by.
  price_list text collate "C" not null,
  at timestamptz not null,
  primary key (tenant, job, attempt)
);
create index job_costs_by_time on holdfast.job_costs (tenant, type, at);

create table holdfast.job_budgets (
  tenant text collate "C" not null,
  type text collate "C" not null,
  limit_micros bigint not null,
  currency text collate "C" not null,
  -- What is counted: all that was spent in so many ms before now.
  window_ms bigint not null,
  primary key (tenant, type)
);

create table holdfast.job_holds (
  tenant text collate "C" not null,
  type text collate "C" not null,
  -- Working clock during which this tenant's jobs were held, ms; and since when they are, when they are.
  held_ms bigint not null,
  since_clock_ms bigint,
  primary key (tenant, type)
);

do $$
declare name text;
begin
  foreach name in array array['jobs', 'job_costs', 'job_budgets', 'job_holds'] loop
    execute format('alter table holdfast.%I enable row level security', name);
    execute format('alter table holdfast.%I force row level security', name);
    execute format(
      'create policy tenant_only on holdfast.%I
         using (tenant = nullif(current_setting(''app.tenant'', true), ''''))
         with check (tenant = nullif(current_setting(''app.tenant'', true), ''''))', name);
  end loop;
end $$;

grant select on holdfast.job_types to holdfast_app;
grant select, insert, update on holdfast.jobs, holdfast.job_holds to holdfast_app;
grant select, insert on holdfast.job_costs to holdfast_app;
grant select, insert, update, delete on holdfast.job_budgets to holdfast_app;

-- For the owner alone, and only within the function below, which sets this for as long as it runs.
do $$ begin
  execute format(
    'create policy lookout on holdfast.jobs for select to %I using (current_setting(''holdfast.lookout'', true) = ''on'')',
    current_user);
end $$;

-- Tenants after one of them, in their order, each found by one step in the index.
create function holdfast.tenants_with_jobs(types text[], at timestamptz, after text, most integer)
returns table (tenant text)
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$ begin
  perform set_config('holdfast.lookout', 'on', true);
  return query
  with recursive found as (
    select (
      select j.tenant from holdfast.jobs j
      where j.wake_at <= $2 and j.type = any ($1) and j.tenant > $3 collate "C" order by j.tenant limit 1
    ) as tenant
    union all
    select (
      select j.tenant from holdfast.jobs j
      where j.wake_at <= $2 and j.type = any ($1) and j.tenant > f.tenant order by j.tenant limit 1
    )
    from found f where f.tenant is not null
  )
  select f.tenant from found f where f.tenant is not null limit $4;
  perform set_config('holdfast.lookout', '', true);
end $$;
revoke all on function holdfast.tenants_with_jobs(text[], timestamptz, text, integer) from public;
`
