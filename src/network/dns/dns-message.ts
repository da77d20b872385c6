/** DNS messages (RFC 1035, 2782, 6891) as far as a cluster's names need them: one question in, a few record types out. */

export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const
export const CODE = { ok: 0, malformed: 1, failed: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const

export interface Question {
  readonly id: number
  /** Lower case, without the last dot. */
  readonly name: string
  readonly type: number
  /** Recursion desired. */
  readonly isRecursive: boolean
  /** What the asker takes by UDP. */
  readonly maxBytes: number
  readonly hasOptions: boolean
  /** The question's bytes as they came: upper and lower case come back as they were. */
  readonly raw: Buffer
}

export type DnsRecord = { readonly name: string } & (
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR'; readonly target: string }
  | { readonly type: 'SRV'; readonly port: number; readonly weight: number; readonly target: string }
  | { readonly type: 'TXT'; readonly text: string }
)

export interface Answer {
  readonly code: number
  readonly answers: readonly DnsRecord[]
  /** Addresses of what an answer names. */
  readonly additional?: readonly DnsRecord[]
  readonly isAuthoritative: boolean
}

const HEADER = 12
const CLASSIC_BYTES = 512
const CLASS_INTERNET = 1
/** Of the kubernetes plugin of CoreDNS. */
const TTL_SECONDS = 5

/** A code where it is no question that can be answered; undefined where it deserves no answer at all. */
export function parseQuestion(message: Buffer): Question | { readonly id: number; readonly code: number } | undefined {
  if (message.length < HEADER) return undefined
  const id = message.readUInt16BE(0)
  const flags = message.readUInt16BE(2)
  if (flags & 0x8000) return undefined
  if (((flags >> 11) & 15) !== 0) return { id, code: CODE.notImplemented }
  if (message.readUInt16BE(4) !== 1) return { id, code: CODE.malformed }
  const labels: string[] = []
  let at = HEADER
  for (;;) {
    const length = message[at]
    // A question has nothing to point back at.
    if (length === undefined || length > 63 || at + 1 + length > message.length) return { id, code: CODE.malformed }
    at += 1 + length
    if (length === 0) break
    labels.push(message.toString('latin1', at - length, at).toLowerCase())
  }
  if (at + 4 > message.length || at - HEADER > 255) return { id, code: CODE.malformed }
  const options = optionsIn(message, at + 4)
  return {
    id,
    name: labels.join('.'),
    type: message.readUInt16BE(at),
    isRecursive: (flags & 0x0100) !== 0,
    maxBytes: Math.max(CLASSIC_BYTES, options ?? CLASSIC_BYTES),
    hasOptions: options !== undefined,
    raw: message.subarray(HEADER, at + 4),
  }
}

/** The size that an OPT record right behind the question offers. */
function optionsIn(message: Buffer, at: number): number | undefined {
  const isThere = message.readUInt16BE(10) > 0 && message.length >= at + 11 && message[at] === 0
  return isThere && message.readUInt16BE(at + 1) === TYPE.OPT ? message.readUInt16BE(at + 3) : undefined
}

export function refusal(id: number, code: number): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(0x8000 | code, 2)
  return header
}

/** The whole answer, or (by UDP, where it does not fit) what says that TCP must be used. */
export function formatAnswer(question: Question, answer: Answer, limit = question.maxBytes): Buffer {
  const { answers, additional = [] } = answer
  const authority = answers.length === 0 && answer.isAuthoritative ? [startOfAuthority()] : []
  const options = question.hasOptions ? [Buffer.from([0, 0, TYPE.OPT, 16, 0, 0, 0, 0, 0, 0, 0])] : []
  const message = assemble(question, answer, answers.map(formatRecord), authority, [
    ...additional.map(formatRecord),
    ...options,
  ])
  return message.length <= limit ? message : assemble(question, answer, [], [], options, true)
}

function assemble(
  { id, isRecursive, raw }: Question,
  { code, isAuthoritative }: Answer,
  answers: readonly Buffer[],
  authority: readonly Buffer[],
  additional: readonly Buffer[],
  isCut = false,
): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(id, 0)
  const flags = 0x8080 | code | (isAuthoritative ? 0x0400 : 0) | (isCut ? 0x0200 : 0) | (isRecursive ? 0x0100 : 0)
  header.writeUInt16BE(flags, 2)
  for (const [i, count] of [1, answers.length, authority.length, additional.length].entries()) {
    header.writeUInt16BE(count, 4 + 2 * i)
  }
  return Buffer.concat([header, raw, ...answers, ...authority, ...additional])
}

export function formatName(name: string): Buffer {
  const parts = name === '' ? [] : name.split('.')
  return Buffer.concat([
    ...parts.map(part => Buffer.from(`${String.fromCharCode(part.length)}${part}`, 'latin1')),
    Buffer.alloc(1),
  ])
}

function formatRecord(record: DnsRecord): Buffer {
  return resource(record.name, TYPE[record.type], TTL_SECONDS, dataOf(record))
}

function dataOf(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number))
    case 'CNAME':
    case 'PTR':
      return formatName(record.target)
    case 'SRV': {
      const numbers = Buffer.alloc(6)
      numbers.writeUInt16BE(record.weight, 2)
      numbers.writeUInt16BE(record.port, 4)
      return Buffer.concat([numbers, formatName(record.target)])
    }
    case 'TXT':
      return Buffer.concat([Buffer.from([record.text.length]), Buffer.from(record.text, 'latin1')])
  }
}

function resource(name: string, type: number, ttl: number, data: Buffer): Buffer {
  const numbers = Buffer.alloc(10)
  numbers.writeUInt16BE(type, 0)
  numbers.writeUInt16BE(CLASS_INTERNET, 2)
  numbers.writeUInt32BE(ttl, 4)
  numbers.writeUInt16BE(data.length, 8)
  return Buffer.concat([formatName(name), numbers, data])
}

/** How long whoever keeps answers may believe that there is nothing. */
function startOfAuthority(): Buffer {
  const numbers = Buffer.alloc(20)
  for (const [i, value] of [1, 7200, 1800, 86_400, TTL_SECONDS].entries()) numbers.writeUInt32BE(value, 4 * i)
  const data = [formatName('ns.dns.cluster.local'), formatName('hostmaster.cluster.local'), numbers]
  return resource('cluster.local', TYPE.SOA, TTL_SECONDS, Buffer.concat(data))
}
