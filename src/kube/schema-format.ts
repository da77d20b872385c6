/**
 * The formats that upstream checks (kube-openapi's strfmt); any other is a remark. All texts are bounded by their own patterns or short, and
 * every pattern here takes linear time.
 */

import { parseAddress, parseBlock } from './cel/library/network.ts'
import { parseDuration, parseTimestamp } from './cel/time.ts'
import { compilePattern } from './schema-pattern.ts'
import type { TextRules } from './schema-validate.ts'

type Format = (text: string) => boolean
const matching =
  (pattern: RegExp, maxLength = 300): Format =>
  text =>
    text.length <= maxLength && pattern.test(text)

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const isHostname: Format = text =>
  text.length <= 255 &&
  text.split('.').every(part => part.length <= 63 && /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(part))

/** Go's durations, and strfmt's own: `3 days`. */
const isDuration: Format = text =>
  parseDuration(text) !== undefined ||
  matching(
    /^\d+\s*(ns|nano|nanosecond|us|µs|micro|microsecond|ms|milli|millisecond|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?$/i,
  )(text)

const isCreditCard: Format = text => {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{13,19}$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

const isIsbn10: Format = text => {
  const digits = text.replace(/[\s-]/g, '')
  if (!/^\d{9}[\dX]$/.test(digits)) return false
  const sum = [...digits].reduce((total, digit, i) => total + (digit === 'X' ? 10 : Number(digit)) * (10 - i), 0)
  return sum % 11 === 0
}

const isIsbn13: Format = text => {
  const digits = text.replace(/[\s-]/g, '')
  return (
    /^\d{13}$/.test(digits) &&
    [...digits].reduce((total, d, i) => total + Number(d) * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0
  )
}

const isUri: Format = text => {
  if (!/^(\/|[A-Za-z][A-Za-z0-9+.-]*:)/.test(text) || /[\s\x7f]/.test(text)) return false
  return URL.canParse(text, 'relative://')
}

const uuid = (version: string): Format =>
  matching(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i'), 40)

const FORMATS: Readonly<Record<string, Format>> = {
  date: matching(/^\d{4}-\d\d-\d\d$/),
  'date-time': text => text.includes('T') && parseTimestamp(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')) !== undefined,
  datetime: text => text.includes('T') && parseTimestamp(text) !== undefined,
  duration: isDuration,
  byte: text => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  ipv4: text => parseAddress(text)?.family === 4,
  ipv6: text => parseAddress(text)?.family === 6,
  cidr: text => parseBlock(text) !== undefined,
  mac: matching(/^([0-9a-f]{2}[:-]){5}([0-9a-f]{2}[:-]){0,14}[0-9a-f]{2}$|^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/i, 60),
  uuid: uuid('[0-9a-f]'),
  uuid3: uuid('3'),
  uuid4: uuid('4'),
  uuid5: uuid('5'),
  uri: isUri,
  email: matching(/^[^@\s<>]+@[^@\s<>]+$/, 320),
  hostname: isHostname,
  bsonobjectid: matching(/^[0-9a-f]{24}$/i),
  isbn: text => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matching(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matching(/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i),
  rgbcolor: matching(/^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$/),
  'k8s-short-name': text => text.length <= 63 && LABEL.test(text),
  'k8s-long-name': text => text.length <= 253 && text.split('.').every(part => LABEL.test(part)),
}

/** For schemas that somebody else wrote. */
export const TEXT_RULES: TextRules = {
  matches: (pattern, text) => compilePattern(pattern).test(text),
  hasFormat: (format, text) => FORMATS[format]?.(text) ?? true,
}
