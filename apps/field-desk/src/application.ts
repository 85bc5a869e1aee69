/** The name under which pages and worker share outbox, registry and locks. */
export const applicationName = 'field-desk'
