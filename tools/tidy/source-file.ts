// What the rules know of one source file: what it imports, what it exports, and how long its functions are. Read from
// the syntax tree of TypeScript's own parser, never from the text by pattern, so that a comment or a string that looks
// like an import is none.
import {
  isArrowFunction,
  isCallExpression,
  isClassDeclaration,
  isConstructorDeclaration,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isInterfaceDeclaration,
  isLiteralTypeNode,
  isMethodDeclaration,
  isNamedExports,
  isNewExpression,
  isStringLiteral,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  isVariableStatement,
  type Node,
  type SourceFile as SyntaxTree,
  type Statement,
  SyntaxKind,
} from 'typescript/unstable/ast'

/** One source file, as the rules see it. */
export interface SourceFile {
  /** From the root of the project, with forward slashes. */
  path: string
  lines: number
  imports: Import[]
  exports: Export[]
  functions: LongThing[]
  /** Statements that are neither imports nor exports from another file: what an `index.ts` must not have. */
  ownStatements: number
}

/** A module that a file names: by import, export from, `import()`, an import type, or `new URL('./x.ts', import.meta.url)`. */
export interface Import {
  specifier: string
  line: number
  /** Whether it names the file by address, to run it in a worker or a process, and binds nothing of it. */
  isAddress: boolean
}

/** A name that a file exports. */
export interface Export {
  /** `*` for `export * from`. */
  name: string
  line: number
  hasDoc: boolean
  /** For `export { local as name } from 'specifier'`. */
  from?: { specifier: string; local: string }
}

/** A function and its length. */
export interface LongThing {
  name: string
  line: number
  lines: number
}

/** Reads the syntax tree of a file. */
export function readSourceFile(path: string, tree: SyntaxTree): SourceFile {
  const lineOf = (node: Node): number => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
  const imports: Import[] = []
  const functions: LongThing[] = []
  const visit = (node: Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(node), isAddress: isNewExpression(node) })
    const name = functionName(node)
    if (name !== undefined) {
      const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1
      functions.push({ name, line: lineOf(node), lines: last - lineOf(node) + 1 })
    }
    node.forEachChild(visit)
  }
  tree.forEachChild(visit)
  return {
    path,
    lines: tree.text.split('\n').length - (tree.text.endsWith('\n') ? 1 : 0),
    imports,
    exports: tree.statements.flatMap((statement) => exportsOf(statement, tree, lineOf(statement))),
    functions,
    ownStatements: tree.statements.filter((statement) => !isImportDeclaration(statement) && !isExportFrom(statement))
      .length,
  }
}

function specifierOf(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier)
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument)) return literal(node.argument.literal)
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return literal(node.arguments[0])
  // A worker or a file beside the module: `new URL('./engine.ts', import.meta.url)`.
  if (isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'URL') {
    const [first, second] = node.arguments ?? []
    const target = second?.getText() === 'import.meta.url' ? literal(first) : undefined
    return target !== undefined && /\.(tsx?|mjs|js)$/.test(target) ? target : undefined
  }
  return undefined
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined
}

function functionName(node: Node): string | undefined {
  if (isFunctionDeclaration(node)) return node.name?.text ?? 'the default export'
  if (isMethodDeclaration(node)) return node.name.getText()
  if (isConstructorDeclaration(node)) return 'constructor'
  if (!isArrowFunction(node) && !isFunctionExpression(node)) return undefined
  // Of the functions without a name of their own only those that a variable names: a callback belongs to its caller.
  return isVariableDeclaration(node.parent) ? node.parent.name.getText() : undefined
}

function isExportFrom(statement: Statement): boolean {
  return isExportDeclaration(statement) && statement.moduleSpecifier !== undefined
}

function exportsOf(statement: Statement, tree: SyntaxTree, line: number): Export[] {
  const hasDoc = isDocumented(statement)
  if (isExportDeclaration(statement)) return namedExports(statement.moduleSpecifier, statement.exportClause, tree, line)
  if (isExportAssignment(statement)) return [{ name: 'default', line, hasDoc }]
  if (isVariableStatement(statement)) {
    if (!isExported(statement.modifiers)) return []
    return statement.declarationList.declarations.map(({ name }) => ({ name: name.getText(tree), line, hasDoc }))
  }
  if (
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement)
  ) {
    if (!isExported(statement.modifiers)) return []
    return [{ name: statement.name?.text ?? 'default', line, hasDoc }]
  }
  return []
}

function namedExports(from: Node | undefined, clause: Node | undefined, tree: SyntaxTree, line: number): Export[] {
  const specifier = literal(from)
  if (clause === undefined || !isNamedExports(clause)) {
    const local = '*'
    return [{ name: '*', line, hasDoc: false, ...(specifier === undefined ? {} : { from: { specifier, local } }) }]
  }
  return clause.elements.map((element) => {
    const local = (element.propertyName ?? element.name).text
    const found = { name: element.name.text, line }
    if (specifier !== undefined) return { ...found, hasDoc: false, from: { specifier, local } }
    return { ...found, hasDoc: tree.statements.some((other) => declares(other, local) && isDocumented(other)) }
  })
}

function declares(statement: Statement, name: string): boolean {
  if (isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name)
  }
  return (
    (isFunctionDeclaration(statement) ||
      isClassDeclaration(statement) ||
      isInterfaceDeclaration(statement) ||
      isTypeAliasDeclaration(statement)) &&
    statement.name?.text === name
  )
}

function isExported(modifiers: readonly Node[] | undefined): boolean {
  return modifiers?.some((modifier) => modifier.kind === SyntaxKind.ExportKeyword) ?? false
}

/**
 * Whether a doc comment stands right before the statement. The header of a file, a doc comment with an empty line after
 * it, documents the file and not the first thing in it.
 */
function isDocumented(statement: Statement): boolean {
  const last = statement.jsDoc?.at(-1)
  if (last === undefined) return false
  const tree = statement.getSourceFile()
  const between = tree.text.slice(last.getEnd(), statement.getStart(tree))
  return !/\n[ \t]*\r?\n/.test(between)
}
