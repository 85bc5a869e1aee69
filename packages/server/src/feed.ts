/**
 * The feed: per tenant, which entities changed, in one gapless order.
 *
 * Numbers come from the tenant's own counter, whose row stays locked until the transaction ends: numbers become visible
 * in order, and one that was rolled back is used again. Every writer takes this one piece of SQL.
 */

/**
 * Common table expressions `head` and `fed`, to stand behind one named `changes (kind, id, version, deleted)` in a
 * statement whose `$1` is the tenant and whose `$2` is the instant as text.
 */
export const feedSql = `
head as (
  insert into holdfast.feed_head as h (tenant, seq, epoch)
  select $1, count(*), gen_random_uuid()::text from changes having count(*) > 0
  on conflict (tenant) do update set seq = h.seq + excluded.seq where h.tenant = $1
  returning seq
),
fed as (
  insert into holdfast.feed (tenant, seq, kind, id, version, deleted, at)
  select $1, head.seq - count(*) over () + row_number() over (order by c.kind, c.id),
    c.kind, c.id, c.version, c.deleted, $2::text::timestamptz
  from changes c cross join head
  returning 1
)`
