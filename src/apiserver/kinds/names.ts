/** Which names, labels and annotations Kubernetes takes, with upstream's wording (apimachinery's util/validation). */
import { type FieldError, invalid, tooLong } from '../resource/field-error.ts'

/** A rule for a text: what is wrong with it, or undefined. */
export type NameRule = (text: string) => string | undefined

const matches =
  (pattern: RegExp, maxLength: number, message: string): NameRule =>
  text =>
    text.length > maxLength ? `must be no more than ${maxLength} characters` : pattern.test(text) ? undefined : message

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'

/** RFC 1123 label: Pods' hostnames, Namespaces, Services' ports. */
export const dnsLabel: NameRule = matches(
  new RegExp(`^${LABEL}$`),
  63,
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
)

/** Names of namespaces: a label, and of a dot upstream speaks apart. */
export const namespaceName: NameRule = text => (text.includes('.') ? 'must not contain dots' : dnsLabel(text))

/** RFC 1123 subdomain: most objects' names. */
export const dnsSubdomain: NameRule = matches(
  new RegExp(`^${LABEL}(\\.${LABEL})*$`),
  253,
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${LABEL}(\\.${LABEL})*')`,
)

/** RFC 1035 label: Services' names before 1.34; still what JobSets and others expect. */
export const dns1035Label: NameRule = matches(
  /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  63,
  `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
)

/** Roles and bindings: anything that can stand in a path. */
export const pathSegment: NameRule = text =>
  text === '.' || text === '..'
    ? `may not be '${text}'`
    : /[/%]/.test(text)
      ? `may not contain '${text.includes('/') ? '/' : '%'}'`
      : undefined

const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const qualifiedPart = new RegExp(`^${QUALIFIED}$`)

/** `prefix/name`: keys of labels and annotations, resource names. */
export const qualifiedName: NameRule = text => {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  if (parts.length > 2)
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  if (parts.length === 2) {
    if (parts[0] === '') return 'prefix part must be non-empty'
    const wrong = dnsSubdomain(parts[0] ?? '')
    if (wrong) return `prefix part ${wrong}`
  }
  if (name === '') return 'name part must be non-empty'
  if (name.length > 63) return 'name part must be no more than 63 characters'
  return qualifiedPart.test(name)
    ? undefined
    : `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`
}

export const labelValue: NameRule = text =>
  text.length > 63
    ? 'must be no more than 63 characters'
    : text === '' || qualifiedPart.test(text)
      ? undefined
      : `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`

/** Keys of ConfigMaps and Secrets. */
export const configKey: NameRule = text =>
  text.length > 253
    ? 'must be no more than 253 characters'
    : text === '.' || text.startsWith('..')
      ? text === '.'
        ? "must not be '.'"
        : "must not start with '..'"
      : /^[-._a-zA-Z0-9]+$/.test(text)
        ? undefined
        : "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

/** Names of environment variables: since 1.34 any printable ASCII but `=`. */
export const envVarName: NameRule = text =>
  text === ''
    ? 'environment variable name must be non-empty'
    : /^[ -<>-~]+$/.test(text)
      ? undefined
      : "a valid environment variable name must consist only of printable ASCII characters other than '='"

export function checkName(rule: NameRule, field: string, text: string): readonly FieldError[] {
  const wrong = rule(text)
  return wrong === undefined ? [] : [invalid(field, text, wrong)]
}

const ANNOTATIONS_MAX_BYTES = 256 * 1024

export function checkLabels(labels: unknown, field: string): readonly FieldError[] {
  return entriesOf(labels).flatMap(([key, value]) => [
    ...checkName(qualifiedName, field, key),
    ...checkName(labelValue, field, value),
  ])
}

export function checkAnnotations(annotations: unknown, field: string): readonly FieldError[] {
  const entries = entriesOf(annotations)
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  return [
    // Annotations' keys may hold upper case in the prefix.
    ...entries.flatMap(([key]) => {
      const wrong = qualifiedName(key.toLowerCase())
      return wrong === undefined ? [] : [invalid(field, key, wrong)]
    }),
    ...(bytes > ANNOTATIONS_MAX_BYTES ? [tooLong(field, ANNOTATIONS_MAX_BYTES)] : []),
  ]
}

const entriesOf = (map: unknown): [string, string][] => Object.entries((map ?? {}) as Record<string, string>)
