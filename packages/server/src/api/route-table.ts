/**
 * The route table: each route with its handler and what there is to say about it, in one place. It is mounted as it is
 * described and described as it is mounted, so the description can not fall behind.
 */
import type { Json } from '@holdfast/core'
import type { Hono } from 'hono'
import { methodNotAllowed, type DoorHandler } from '../http/door.ts'

/** A JSON Schema, or a reference to one of the description's own. */
export type JsonSchema = { readonly [key: string]: Json }

/** A body: its media type and its schema. */
export interface BodyAbout {
  readonly mediaType: string
  readonly schema: JsonSchema
}

/** What there is to say about a route. */
export interface RouteAbout {
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'query' | 'header' | 'path'
    readonly description: string
    readonly schema: JsonSchema
  }[]
  readonly takes?: BodyAbout
  /** The good answer; every other one is a problem document. */
  readonly answers: BodyAbout & { readonly description: string }
  /** Statuses of problem documents, with when they come. */
  readonly problems: Readonly<Record<number, string>>
}

/** A route. */
export interface ApiRoute {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** As Hono reads it; at most its last part is a parameter, `:name`. */
  readonly path: string
  readonly handler: DoorHandler
  readonly about: RouteAbout
}

/** True when a request's path is this route's. */
export function isAt({ path }: Pick<ApiRoute, 'path'>, requested: string): boolean {
  const parameter = path.indexOf(':')
  return parameter < 0 ? path === requested : requested.startsWith(path.slice(0, parameter))
}

/** Mounts the routes; other methods of their paths are answered 405 with those that are taken. */
export function mountRoutes(app: Hono, routes: readonly ApiRoute[]): void {
  for (const { method, path, handler } of routes) app.on(method.toUpperCase(), path, handler)
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase())
    app.all(path, methodNotAllowed(...methods, ...(methods.includes('GET') ? ['HEAD'] : [])))
  }
}
