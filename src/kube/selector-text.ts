/**
 * The text of a label selector, read as apimachinery's labels/selector.go reads it: a lexer, a parser that looks one token ahead, and the
 * same words for what neither understands, since clients show them.
 */
export interface LabelRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** What is wrong, as the API server says it. */
export class SelectorError extends Error {}

interface Token {
  /** `word`, `end`, or the symbol itself. */
  readonly kind: string
  readonly text: string
}

const SYMBOLS = /\s*(==|!=|[()=!<>,]|[^\s()=!<>,]+|$)/y

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  SYMBOLS.lastIndex = 0
  for (;;) {
    const found = SYMBOLS.exec(text)?.[1] ?? ''
    if (found === '') return [...tokens, { kind: 'end', text: '' }]
    tokens.push({ kind: /^[()=!<>,]/.test(found) ? found : 'word', text: found })
  }
}

interface Reader {
  peek(): Token
  take(): Token
}

function readerOf(tokens: readonly Token[]): Reader {
  let at = 0
  const end: Token = { kind: 'end', text: '' }
  return { peek: () => tokens[at] ?? end, take: () => tokens[at++] ?? end }
}

const found = ({ text }: Token, expected: string): SelectorError =>
  new SelectorError(`found '${text}', expected: ${expected}`)

/** `app=web,tier in (a,b),!canary`. Blank text matches everything. Throws SelectorError. */
export function readLabelSelector(text: string): readonly LabelRequirement[] {
  const reader = readerOf(tokensOf(text))
  const requirements: LabelRequirement[] = []
  if (reader.peek().kind === 'end') return requirements
  for (;;) {
    const first = reader.peek()
    if (first.kind !== 'word' && first.kind !== '!') throw found(first, "!, identifier, or 'end of string'")
    try {
      requirements.push(readRequirement(reader))
    } catch (error) {
      if (error instanceof SelectorError) error.message = `unable to parse requirement: ${error.message}`
      throw error
    }
    const next = reader.take()
    if (next.kind === 'end') return requirements
    if (next.kind !== ',') throw found(next, "',' or 'end of string'")
    const after = reader.peek()
    if (after.kind !== 'word' && after.kind !== '!') throw found(after, "identifier after ','")
  }
}

const OPERATORS: Readonly<Record<string, LabelRequirement['operator']>> = {
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
  in: 'In',
  notin: 'NotIn',
}

function readRequirement(reader: Reader): LabelRequirement {
  const isAbsent = reader.peek().kind === '!'
  if (isAbsent) reader.take()
  const word = reader.take()
  if (word.kind !== 'word') throw found(word, 'identifier')
  const key = word.text
  checkKey(key)
  if (isAbsent) return { key, operator: 'DoesNotExist', values: [] }
  if (['end', ','].includes(reader.peek().kind)) return { key, operator: 'Exists', values: [] }
  const sign = reader.take()
  const operator = Object.hasOwn(OPERATORS, sign.text) ? OPERATORS[sign.text] : undefined
  if (operator === undefined) throw found(sign, 'in, notin, =, ==, !=, gt, lt')
  const values = sign.kind === 'word' ? readValues(reader) : [readValue(reader)]
  checkValues(key, operator, values)
  return { key, operator, values }
}

function readValue(reader: Reader): string {
  if (['end', ','].includes(reader.peek().kind)) return ''
  const word = reader.take()
  if (word.kind !== 'word') throw found(word, 'identifier')
  return word.text
}

/** `(a,b)`; a comma with nothing beside it stands for the empty value. */
function readValues(reader: Reader): readonly string[] {
  const open = reader.take()
  if (open.kind !== '(') throw new SelectorError(`found '${open.text}' expected: '('`)
  const values = new Set<string>()
  let isDue = true
  for (;;) {
    const next = reader.take()
    if (next.kind === ')') {
      if (isDue) values.add('')
      return [...values]
    }
    if (next.kind === 'word' && isDue) {
      values.add(next.text)
      isDue = false
    } else if (next.kind === ',') {
      if (isDue) values.add('')
      isDue = true
    } else throw found(next, values.size === 0 ? "',', ')' or identifier" : "',' or ')'")
  }
}

const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const KEY = new RegExp(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`)
const VALUE = new RegExp(`^(${NAME})?$`)
const EXAMPLES = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"

function checkKey(key: string): void {
  const name = key.slice(key.indexOf('/') + 1)
  const wrong =
    name.length > 63
      ? 'name part must be no more than 63 characters'
      : KEY.test(key)
        ? undefined
        : `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${EXAMPLES} '${NAME}')`
  if (wrong) throw new SelectorError(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong}`)
}

const VALUE_EXAMPLES = "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"

function checkValues(key: string, operator: LabelRequirement['operator'], values: readonly string[]): void {
  for (const [i, value] of values.entries()) {
    if ((operator === 'Gt' || operator === 'Lt') && !/^-?\d{1,19}$/.test(value)) {
      const why = "for 'Gt', 'Lt' operators, the value must be an integer"
      throw new SelectorError(`values[${i}]: Invalid value: ${JSON.stringify(value)}: ${why}`)
    }
    const wrong =
      value.length > 63
        ? 'must be no more than 63 characters'
        : VALUE.test(value)
          ? undefined
          : `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${VALUE_EXAMPLES} '(${NAME})?')`
    if (wrong) throw new SelectorError(`values[${i}][${key}]: Invalid value: ${JSON.stringify(value)}: ${wrong}`)
  }
}
