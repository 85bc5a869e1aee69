/** Routes: which requests are writes of ours, and which operation each of them is. */
import { batchPath, healthPath, SyncError, type AnyOperationDefinition } from '@holdfast/core'

/** Operations by method and path: `'POST /api/pos/orders'`. Only POST, PUT, PATCH and DELETE can be writes. */
export type Routes = { readonly [route: string]: AnyOperationDefinition }

/** Checked routes; {@link intercept} makes them. */
export interface Interception {
  /** Finds the operation that a request is; `undefined` for one that is none of ours. */
  readonly find: (method: string, url: string, origin: string) => AnyOperationDefinition | undefined
}

const routePattern = /^(POST|PUT|PATCH|DELETE) (\/[^?#]*)$/

/**
 * Says which requests of the origin's pages are stored first and then sent. Method and path must match exactly, and a
 * request with a query is left alone, because an operation is made from the body and would lose what the query says.
 *
 * @example installSync({ ..., intercept: intercept({ 'POST /api/pos/orders': placeOrder }) })
 * @throws SyncError `invalid-definition` when a route is not a method and a path, or is a door of the engine itself
 */
export function intercept(routes: Routes): Interception {
  const byRoute = new Map(Object.entries(routes))
  for (const route of byRoute.keys()) {
    const path = routePattern.exec(route)?.[2]
    if (path === undefined || path === batchPath || path === healthPath) {
      throw new SyncError(
        'invalid-definition',
        `A route is POST, PUT, PATCH or DELETE and a path of the app's own, such as "POST /api/notes"; got "${route}".`,
      )
    }
  }
  return {
    find: (method, url, origin) => {
      const { origin: requested, pathname, search } = new URL(url)
      return requested === origin && search === '' ? byRoute.get(`${method} ${pathname}`) : undefined
    },
  }
}
