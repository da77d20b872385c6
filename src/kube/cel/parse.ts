/** Reads CEL with `@marcbachmann/cel-js` and turns its tree into ours, with the offsets at which cel-go points. */
import { Environment, ParseError } from '@marcbachmann/cel-js'
import { type Expression, type Issue, MACROS, type Macro } from './expression.ts'
import { BOOL, BYTES, type CelType, DOUBLE, INT, NULL, STRING, UINT } from './types.ts'

type Node = ReturnType<Environment['parse']>['ast']

/** Limits of the parser: a rule beyond them would not pass cel-go's either (its recursion limit is 250). */
const PARSER = new Environment({
  enableOptionalTypes: true,
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 50_000, maxDepth: 250, maxListElements: 10_000, maxMapEntries: 10_000, maxCallArguments: 32 },
})

export function parseExpression(source: string): { readonly root?: Expression; readonly issues: readonly Issue[] } {
  try {
    return { root: new Reader(source).read(PARSER.parse(source).ast), issues: [] }
  } catch (error) {
    if (error instanceof MacroError) return { issues: [{ at: error.at, message: error.message }] }
    if (!(error instanceof ParseError)) throw error
    const at = Math.min(error.range?.start ?? source.length, source.length)
    if (/invalid predicate iteration variable$/.test(error.summary)) {
      return { issues: [{ at, message: 'argument must be a simple name' }] }
    }
    const isEnd = /EOF$/.test(error.summary)
    return {
      issues: [{ at: isEnd ? source.length : at, message: `Syntax error: ${isEnd ? ENDS_EARLY : error.summary}` }],
    }
  }
}

const ENDS_EARLY =
  "mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

class MacroError extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

const BINARY = new Set(['!=', '==', 'in', '+', '-', '*', '/', '%', '<', '<=', '>', '>=', '||', '&&'])

class Reader {
  readonly #source: string
  constructor(source: string) {
    this.#source = source
  }

  /** The offset of a token at or after `from`; what is skipped is blank, a comment or a bracket. */
  #find(token: string, from: number): number {
    const at = this.#source.indexOf(token, from)
    return at < 0 ? from : at
  }

  read(node: Node): Expression {
    const { op, args } = node as unknown as { readonly op: string; readonly args: never }
    const at = node.start
    if (BINARY.has(op)) return this.#binary(op, args)
    switch (op) {
      case 'value':
        return literal(args, at)
      case 'id':
        return { kind: 'name', name: args, at }
      case '.':
      case '.?':
        return this.#select(args, op === '.?')
      case '[]':
      case '[?]':
        return this.#index(args, op)
      case 'call':
        return this.#globalCall(node, args)
      case 'rcall':
        return this.#memberCall(args)
      case 'list':
        return { kind: 'list', items: (args as readonly Node[]).map(item => this.read(item)), at }
      case 'map':
        return {
          kind: 'map',
          entries: (args as readonly (readonly [Node, Node])[]).map(([k, v]) => [this.read(k), this.read(v)] as const),
          at,
        }
      case '?:': {
        const [condition, yes, no] = args as readonly [Node, Node, Node]
        return this.#call('_?_:_', [condition, yes, no], this.#find('?', condition.end))
      }
      case '!_':
        return this.#call('!_', [args], at)
      case '-_':
        return negated(this.#call('-_', [args], at))
      default:
        throw new MacroError(at, `Syntax error: unsupported syntax '${op}'`)
    }
  }

  #call(name: string, args: readonly Node[], at: number): Expression & { readonly kind: 'call' } {
    return { kind: 'call', name, target: undefined, args: args.map(arg => this.read(arg)), at }
  }

  #binary(op: string, [left, right]: readonly [Node, Node]): Expression {
    const name = op === 'in' ? '@in' : `_${op}_`
    return this.#call(name, [left, right], this.#find(op, left.end))
  }

  #select([operand, field]: readonly [Node, string], isOptional: boolean): Expression {
    const at = this.#find('.', operand.end)
    return { kind: 'select', operand: this.read(operand), field, isOptional, isTest: false, at }
  }

  #index([operand, index]: readonly [Node, Node], op: string): Expression {
    return this.#call(op === '[]' ? '_[_]' : '_[?_]', [operand, index], this.#find('[', operand.end))
  }

  #globalCall(node: Node, [name, args]: readonly [string, readonly Node[]]): Expression {
    const at = this.#find('(', node.start + name.length)
    if (name === 'has' && args.length === 1) {
      const tested = this.read(args[0] as Node)
      if (tested.kind !== 'select') throw new MacroError(tested.at, 'invalid argument to has() macro')
      return { ...tested, isTest: true, at }
    }
    return this.#call(name, args, at)
  }

  #memberCall([name, receiver, args]: readonly [string, Node, readonly Node[]]): Expression {
    const at = this.#find('(', this.#find(name, receiver.end) + name.length)
    const macro = MACROS.find(known => known === name)
    const numVariables = macro ? variableCount(macro, args.length) : 0
    if (macro && numVariables > 0) return this.#macro(macro, receiver, args, numVariables, at)
    return { kind: 'call', name, target: this.read(receiver), args: args.map(arg => this.read(arg)), at }
  }

  #macro(macro: Macro, receiver: Node, args: readonly Node[], numVariables: number, at: number): Expression {
    const variables = args.slice(0, numVariables).map(arg => {
      if ((arg.op as string) !== 'id') throw new MacroError(arg.start, 'argument must be a simple name')
      return arg.args as unknown as string
    })
    const rest = args.slice(numVariables)
    const body = rest.at(-1) as Node
    return {
      kind: 'macro',
      macro,
      range: this.read(receiver),
      variables,
      filter: rest.length > 1 ? this.read(rest[0] as Node) : undefined,
      body: this.read(body),
      at,
    }
  }
}

/** How many of a macro's arguments are variables; 0 where it is no macro with so many arguments. */
function variableCount(macro: Macro, numArgs: number): number {
  switch (macro) {
    case 'all':
    case 'exists':
    case 'exists_one':
    case 'existsOne':
      return numArgs === 2 ? 1 : numArgs === 3 ? 2 : 0
    case 'filter':
    case 'sortBy':
    case 'optMap':
    case 'optFlatMap':
      return numArgs === 2 ? 1 : 0
    case 'map':
      return numArgs === 2 || numArgs === 3 ? 1 : 0
    case 'transformList':
    case 'transformMap':
    case 'transformMapEntry':
      return numArgs === 3 || numArgs === 4 ? 2 : 0
  }
}

function literal(value: unknown, at: number): Expression {
  if (typeof value === 'bigint') return { kind: 'literal', value, type: INT, at }
  if (typeof value === 'number') return { kind: 'literal', value, type: DOUBLE, at }
  if (typeof value === 'string') return { kind: 'literal', value, type: STRING, at }
  if (typeof value === 'boolean') return { kind: 'literal', value, type: BOOL, at }
  if (value === null) return { kind: 'literal', value, type: NULL, at }
  if (value instanceof Uint8Array) return { kind: 'literal', value, type: BYTES, at }
  return { kind: 'literal', value: { uint: (value as { valueOf(): bigint }).valueOf() }, type: UINT as CelType, at }
}

/** `-1` is a number, not a call. */
function negated(call: Expression & { readonly kind: 'call' }): Expression {
  const [operand] = call.args
  if (operand?.kind !== 'literal') return call
  if (typeof operand.value === 'bigint' || typeof operand.value === 'number') {
    return { ...operand, value: -operand.value, at: call.at }
  }
  return call
}
