/**
 * What jobs cost, and what a tenant may spend. An attempt's cost is written once, under (job, attempt): a worker that
 * settles twice, or wakes up after it has lost its lease, adds nothing. A failed attempt costs as well.
 *
 * A budget holds a tenant's jobs of a type back once what was spent within its window reaches the limit. What is being
 * worked at then goes on, so the limit can be passed by as many attempts as run at once.
 */
import type { Query } from '../database/database.ts'
import { ServerError } from '../error.ts'

/** What an attempt cost. */
export interface JobCost {
  /** Millionths of the currency, whole and not negative. */
  readonly amountMicros: number
  /** ISO 4217, such as `EUR`. */
  readonly currency: string
  /** The version of the price list that it was reckoned by. */
  readonly priceList: string
}

/** What a tenant may spend on a type of job. */
export interface JobBudget {
  readonly limitMicros: number
  /** ISO 4217; costs in other currencies do not count. */
  readonly currency: string
  /** What was spent in so many ms before now is counted. */
  readonly windowMs: number
}

/** Whether a tenant's jobs of a type are worked at. */
export interface JobStanding {
  /** The operator's switch. */
  readonly isOn: boolean
  /** The tenant's budget, with what was spent within its window; absent: without limit. */
  readonly budget?: JobBudget & { readonly spentMicros: number }
  /** True while the budget holds jobs back: they wait, and do not grow stale. */
  readonly isOverBudget: boolean
}

const costSql = `
insert into holdfast.job_costs (tenant, job, attempt, type, amount_micros, currency, price_list, at)
select $1, $2, $3::integer, $4, $5::float8::bigint, $6, $7, $8::text::timestamptz
on conflict (tenant, job, attempt) do nothing`

/** Writes what an attempt cost, unless that is written already. */
export async function writeCost(
  query: Query,
  tenant: string,
  attempt: { readonly job: string; readonly type: string; readonly attempt: number },
  cost: JobCost,
  nowMs: number,
): Promise<void> {
  await query('holdfast-write-job-cost', costSql, [
    tenant,
    attempt.job,
    attempt.attempt,
    attempt.type,
    cost.amountMicros,
    cost.currency,
    cost.priceList,
    new Date(nowMs).toISOString(),
  ])
}

/** True for a cost that can be written. */
export function isJobCost({ amountMicros, currency }: JobCost): boolean {
  return Number.isSafeInteger(amountMicros) && amountMicros >= 0 && /^[A-Z]{3}$/.test(currency)
}

const setBudgetSql = `
insert into holdfast.job_budgets (tenant, type, limit_micros, currency, window_ms)
values ($1, $2, $3::float8::bigint, $4, $5::float8::bigint)
on conflict (tenant, type) do update set
  limit_micros = excluded.limit_micros, currency = excluded.currency, window_ms = excluded.window_ms`

const dropBudgetSql = 'delete from holdfast.job_budgets where tenant = $1 and type = $2'

/** Sets what a tenant may spend on a type of job; `null`: without limit. */
export async function writeBudget(query: Query, tenant: string, type: string, budget: JobBudget | null): Promise<void> {
  if (budget === null) {
    await query('holdfast-drop-job-budget', dropBudgetSql, [tenant, type])
    return
  }
  const { limitMicros, currency, windowMs } = budget
  if (!isJobCost({ amountMicros: limitMicros, currency, priceList: '' }) || !(windowMs > 0)) {
    throw new ServerError(
      'invalid-definition',
      `A budget is a whole number of micros (not negative), a currency of three letters and a window of ms; got ${limitMicros} ${currency} in ${windowMs} ms.`,
    )
  }
  await query('holdfast-set-job-budget', setBudgetSql, [tenant, type, limitMicros, currency, windowMs])
}

// Uses the primary keys of job_types, job_holds and job_budgets, and the index of costs by time.
const holdsSql = `
with states as (
  select t.type, t.clock_ms, h.since_clock_ms, coalesce((
    select (
      select coalesce(sum(c.amount_micros), 0) from holdfast.job_costs c
      where c.tenant = $1 and c.type = t.type and c.currency = b.currency
        and c.at > $2::text::timestamptz - b.window_ms * interval '1 millisecond'
    ) >= b.limit_micros
    from holdfast.job_budgets b where b.tenant = $1 and b.type = t.type
  ), false) as is_over
  from json_array_elements_text($3::text::json) as w (type)
  join holdfast.job_types t on t.type = w.type
  left join holdfast.job_holds h on h.tenant = $1 and h.type = t.type
),
begun as (
  insert into holdfast.job_holds as h (tenant, type, held_ms, since_clock_ms)
  select $1, s.type, 0, s.clock_ms from states s where s.is_over and s.since_clock_ms is null order by s.type
  on conflict (tenant, type) do update set since_clock_ms = coalesce(h.since_clock_ms, excluded.since_clock_ms)
  returning 1
),
ended as (
  update holdfast.job_holds h
  set held_ms = h.held_ms + greatest(s.clock_ms - h.since_clock_ms, 0), since_clock_ms = null
  from states s where h.tenant = $1 and h.type = s.type and h.since_clock_ms is not null and not s.is_over
  returning 1
)
select s.type, s.is_over, (select count(*) from begun) + (select count(*) from ended) as turned from states s`

/** Looks at a tenant's budgets, begins and ends holds accordingly, and returns the types that may be worked at. */
export async function typesWithinBudget(
  query: Query,
  tenant: string,
  types: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const at = new Date(nowMs).toISOString()
  const rows = await query('holdfast-job-holds', holdsSql, [tenant, at, JSON.stringify(types)])
  return rows.flatMap(({ type, is_over: isOver }) => (typeof type === 'string' && isOver === false ? [type] : []))
}

const standingSql = `
select coalesce((select t.is_on from holdfast.job_types t where t.type = $2), true) as is_on,
  b.limit_micros::float8 as limit_micros, b.currency, b.window_ms::float8 as window_ms, (
    select coalesce(sum(c.amount_micros), 0)::float8 from holdfast.job_costs c
    where c.tenant = $1 and c.type = $2 and c.currency = b.currency
      and c.at > $3::text::timestamptz - b.window_ms * interval '1 millisecond'
  ) as spent
from (select 1) one left join holdfast.job_budgets b on b.tenant = $1 and b.type = $2`

/** Reads whether a tenant's jobs of a type are worked at. */
export async function readStanding(query: Query, tenant: string, type: string, nowMs: number): Promise<JobStanding> {
  const [row] = await query('holdfast-job-standing', standingSql, [tenant, type, new Date(nowMs).toISOString()])
  const { is_on: isOn = true, limit_micros: limitMicros, currency, window_ms: windowMs, spent } = row ?? {}
  if (typeof limitMicros !== 'number' || typeof currency !== 'string')
    return { isOn: isOn === true, isOverBudget: false }
  const spentMicros = Number(spent)
  const budget = { limitMicros, currency, windowMs: Number(windowMs), spentMicros }
  return { isOn: isOn === true, budget, isOverBudget: spentMicros >= limitMicros }
}
