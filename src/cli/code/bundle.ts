/**
 * The user's modules as one ES module: bundled by esbuild with what they import, types taken out, with a source map whose sources are
 * absolute URIs, so that a stack in a pod names the user's own file and line. Deterministic: the same code gives the same bytes.
 */
import { dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { BuildFailure, BuildOptions, Message } from 'esbuild'
import { didYouMean } from '../../base/did-you-mean.ts'
import { fail, ok, type Problem, type Result, type SourcePlace } from '../../base/problem.ts'
import { formatBytes } from '../../base/units.ts'

/** An exported function that the bundle exports again under the name of its role. */
export interface ModuleExport {
  /** Absolute `file://` URI. */
  readonly module: string
  readonly export: string
  readonly role: 'map' | 'reduce' | 'serve'
  /** Where the declaration names module and export, for problems. */
  readonly moduleField: string
  readonly exportField: string
}

/** A program to be run as it is, with whatever it does at its top. */
export interface Script {
  readonly script: string
  readonly field: string
}

export type Locate = (field: string) => SourcePlace

/** What a ConfigMap of 1 MiB holds once it is base64 with its metadata beside it. */
const MAX_CODE_BYTES = 900 * 1024

/** Gzipped bytes of the bundle. */
export async function bundle(code: readonly ModuleExport[] | Script, locate: Locate): Promise<Result<Uint8Array>> {
  const { build } = await import('esbuild')
  const paths = 'script' in code ? [code.script] : code.map(({ module }) => module)
  const folder = dirname(fileURLToPath(paths[0]!))
  const entry: BuildOptions =
    'script' in code
      ? { entryPoints: [fileURLToPath(code.script)] }
      : { stdin: { contents: roleExports(code), resolveDir: folder, sourcefile: 'solvent-roles.mjs', loader: 'js' } }
  try {
    const { outputFiles, warnings } = await build({ ...OPTIONS, ...entry, absWorkingDir: folder, outdir: folder })
    const missing = 'script' in code ? [] : await missingExports(code, warnings, locate)
    if (missing.length > 0) return fail(...missing)
    return withinLimit(inOneFile(outputFiles!, folder), code, locate)
  } catch (error) {
    const { errors } = error as BuildFailure
    if (!errors) throw error
    return fail(...(await problemsFrom(errors, code, folder, locate)))
  }
}

const OPTIONS = {
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'external',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'silent',
  outExtension: { '.js': '.mjs' },
} as const satisfies BuildOptions

const roleExports = (exports: readonly ModuleExport[]): string =>
  exports
    .map(each => `export { ${nameOf(each.export)} as ${each.role} } from ${JSON.stringify(fileURLToPath(each.module))}`)
    .join('\n')

/** Any string may name an export; those that are no identifier are quoted (ES2022). */
const nameOf = (name: string): string =>
  /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? name : JSON.stringify(name)

/** CommonJS packages inside an ES module still call `require` for Node's own modules. On line 1, so that no line moves. */
const REQUIRE =
  "import { createRequire as solventRequire } from 'node:module';const require = solventRequire('file:///');"
/** Part of esbuild's stand-in, which is there only when something calls it. */
const SHIM = 'Dynamic require of'

interface OutputFile {
  readonly path: string
  readonly text: string
}

function inOneFile(files: readonly OutputFile[], folder: string): string {
  const code = files.find(({ path }) => path.endsWith('.mjs'))!.text
  const map = JSON.parse(files.find(({ path }) => path.endsWith('.map'))!.text) as { sources: string[] }
  map.sources = map.sources.map(source => pathToFileURL(resolve(folder, source)).href)
  const inline = Buffer.from(JSON.stringify(map)).toString('base64')
  return `${code.includes(SHIM) ? REQUIRE : ''}${code}//# sourceMappingURL=data:application/json;base64,${inline}\n`
}

function withinLimit(text: string, code: readonly ModuleExport[] | Script, locate: Locate): Result<Uint8Array> {
  const zipped = gzipSync(text, { level: 9 })
  if (zipped.length <= MAX_CODE_BYTES) return ok(zipped)
  const field = 'script' in code ? code.field : code[0]!.moduleField
  return fail({
    place: locate(field),
    field,
    what: `makes ${formatBytes(zipped.length)} of code, gzipped with all that it imports`,
    why: `a ConfigMap holds ${formatBytes(MAX_CODE_BYTES)} of it`,
    fix: 'Import less, read large tables from a file, or build an image with the code and name it in spec.image.',
  })
}

async function problemsFrom(
  errors: readonly Message[],
  code: readonly ModuleExport[] | Script,
  folder: string,
  locate: Locate,
): Promise<readonly Problem[]> {
  const problems = await Promise.all(
    errors.map(async error => {
      const own = 'script' in code ? undefined : await aboutRole(error, code, locate)
      if (own) return own
      if ('script' in code && !error.location && /Could not resolve/.test(error.text))
        return noModule(code.script, code.field, locate)
      return inUserCode(error, folder)
    }),
  )
  return problems
}

/** An error in the lines that we wrote is one of the declaration: a module that is not there, an export that it lacks. */
async function aboutRole(
  error: Message,
  exports: readonly ModuleExport[],
  locate: Locate,
): Promise<Problem | undefined> {
  if (error.location?.file !== 'solvent-roles.mjs') return undefined
  const wanted = exports[error.location.line - 1]
  if (!wanted) return undefined
  if (/Could not resolve/.test(error.text)) return noModule(wanted.module, wanted.moduleField, locate)
  if (/No matching export/.test(error.text)) return noExport(wanted, locate)
  return undefined
}

const noModule = (uri: string, field: string, locate: Locate): Problem => ({
  place: locate(field),
  field,
  what: `names ${fileURLToPath(uri)}`,
  why: 'there is no such file',
  fix: 'A path is relative to the YAML file.',
})

/** esbuild only warns where a CommonJS module, or one without any export, lacks a name. */
async function missingExports(
  exports: readonly ModuleExport[],
  warnings: readonly Message[],
  locate: Locate,
): Promise<readonly Problem[]> {
  const missing = warnings.flatMap(({ id, location }) =>
    id === 'import-is-undefined' && location?.file === 'solvent-roles.mjs' ? [exports[location.line - 1]!] : [],
  )
  return Promise.all(missing.map(each => noExport(each, locate)))
}

async function noExport({ module, export: name, exportField }: ModuleExport, locate: Locate): Promise<Problem> {
  const names = await exportsOf(fileURLToPath(module))
  const known = names.length > 0 ? `It exports ${names.map(each => `"${each}"`).join(', ')}.` : 'It exports nothing.'
  return {
    place: locate(exportField),
    field: exportField,
    what: `is "${name}"`,
    why: `${fileURLToPath(module)} exports no such name`,
    fix: didYouMean(name, names) ?? known,
  }
}

async function exportsOf(path: string): Promise<readonly string[]> {
  const { build } = await import('esbuild')
  try {
    const result = await build({ ...OPTIONS, entryPoints: [path], outdir: dirname(path), metafile: true })
    return Object.values(result.metafile!.outputs).flatMap(({ exports }) => exports)
  } catch {
    return []
  }
}

/** A mistake in the user's code, at the user's line. esbuild counts columns from 0. */
function inUserCode({ text, location, notes }: Message, folder: string): Problem {
  const missing = /^Could not resolve "([^."/][^"]*)"$/.exec(text)?.[1]
  const because = missing
    ? `Install it beside your module: npm install ${missing}`
    : notes.find(note => !note.location)?.text
  return {
    ...(location
      ? { place: { file: resolve(folder, location.file), line: location.line, column: location.column + 1 } }
      : {}),
    field: '',
    what: text,
    ...(because ? { fix: because } : {}),
  }
}
