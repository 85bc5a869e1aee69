// Requirements that no test shows yet, each with what it waits for. The list only ever gets shorter: a row that has its
// test must leave it, and a test says so.

/** Open rows, with what they wait for. */
export const openRows: Readonly<Record<string, string>> = {
  R002: 'a test in server that bears its name',
  R003: 'a test in service-worker that bears its name',
  R089: 'uploads: photos of a job',
  R090: 'attachments and their upload',
  R099: 'pages of the app',
}
