/** The description of the API as OpenAPI 3.1, made from the route table and the operations' own schemas. */
import { problemMediaType, type AnyOperationDefinition, type Json } from '@holdfast/core'
import type { ApiRoute, BodyAbout, JsonSchema } from './route-table.ts'
import { schemaRef, wireSchemas } from './wire-schemas.ts'

/** What is described. */
export interface DescribedApi {
  readonly title: string
  /** The version of the host's API. */
  readonly version: string
  readonly routes: readonly Pick<ApiRoute, 'method' | 'path' | 'about'>[]
  readonly operations: readonly AnyOperationDefinition[]
}

/** Makes the document. */
export function describeApi({ title, version, routes, operations }: DescribedApi): JsonSchema {
  const paths: Record<string, Record<string, Json>> = {}
  for (const { method, path, about } of routes) {
    const template = path.replace(/:(\w+)$/, '{$1}')
    paths[template] = { ...paths[template], [method]: describeRoute(about) }
  }
  const payloads = Object.fromEntries(
    operations.map(({ type, version: typeVersion, payload }) => [
      `Payload.${type}`,
      { title: `${type}, version ${typeVersion}`, ...payloadSchema(payload) },
    ]),
  )
  return {
    openapi: '3.1.0',
    info: { title, version },
    paths,
    components: { schemas: { ...wireSchemas, ...payloads } },
  }
}

function describeRoute({ summary, description, parameters, takes, answers, problems }: ApiRoute['about']): JsonSchema {
  return {
    summary,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined && {
      parameters: parameters.map((parameter) => ({ ...parameter, ...(parameter.in === 'path' && { required: true }) })),
    }),
    ...(takes !== undefined && { requestBody: { required: true, content: contentOf(takes) } }),
    responses: {
      200: { description: answers.description, content: contentOf(answers) },
      ...Object.fromEntries(
        Object.entries(problems).map(([status, when]) => [
          status,
          { description: when, content: contentOf({ mediaType: problemMediaType, schema: schemaRef('Problem') }) },
        ]),
      ),
    },
  }
}

function contentOf({ mediaType, schema }: BodyAbout): JsonSchema {
  return { [mediaType]: { schema } }
}

/**
 * The JSON Schema of a payload, where its validator can say it (the Standard JSON Schema extension of Standard Schema);
 * else a schema that takes anything: the validator still decides.
 *
 * @see https://standardschema.dev/json-schema
 */
function payloadSchema(schema: unknown): JsonSchema {
  const input = member(member(member(schema, '~standard'), 'jsonSchema'), 'input')
  if (typeof input !== 'function') return {}
  try {
    const made: unknown = Reflect.apply(input, undefined, [{ target: 'draft-2020-12' }])
    return isSchema(made) ? made : {}
  } catch {
    // A validator may hold what no JSON Schema can say.
    return {}
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function member(value: unknown, name: string): unknown {
  const isHolder = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isHolder ? Reflect.get(value, name) : undefined
}
