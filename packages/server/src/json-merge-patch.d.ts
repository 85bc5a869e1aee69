declare module 'json-merge-patch' {
  const library: { readonly apply: (target: unknown, patch: unknown) => unknown }
  export default library
}
