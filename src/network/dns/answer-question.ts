/** What a question is answered from the zone, pure. Undefined: it is not about the cluster, somebody else must be asked. */
import { type Answer, CODE, type DnsRecord, type Question, TYPE } from './dns-message.ts'
import { DOMAIN, type Zone } from './zone.ts'

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, type]) => [type, name]))
const POD = new RegExp(`^(\\d+-\\d+-\\d+-\\d+)\\.[a-z0-9-]+\\.pod\\.${DOMAIN.replace('.', '\\.')}$`)

/** `isOurs`: whether an address is the cluster's, for questions by address. */
export function answerQuestion(
  zone: Zone,
  { name, type }: Pick<Question, 'name' | 'type'>,
  isOurs: (address: string) => boolean,
): Answer | undefined {
  const isInDomain = name === DOMAIN || name.endsWith(`.${DOMAIN}`)
  if (!isInDomain && !(name.endsWith('.in-addr.arpa') && isOurs(addressOf(name)))) {
    // One word is never a name of the internet's, and the machine's resolver may be far away.
    return name.includes('.') ? undefined : negative(CODE.noSuchName)
  }
  const records = zone.get(name) ?? ofPod(name)
  if (records === undefined) return negative(CODE.noSuchName)
  const alias = records.find(record => record.type === 'CNAME')
  if (alias) return positive(type === TYPE.AAAA || type === TYPE.A || type === TYPE.CNAME ? [alias] : [])
  const wanted = type === TYPE.ANY ? records : records.filter(record => record.type === NAMES.get(type))
  const targets = new Set(wanted.flatMap(record => (record.type === 'SRV' ? [record.target] : [])))
  const additional = [...targets].flatMap(target => (zone.get(target) ?? []).filter(record => record.type === 'A'))
  return { ...positive(wanted), additional }
}

const negative = (code: number): Answer => ({ code, answers: [], isAuthoritative: true })
const positive = (answers: readonly DnsRecord[]): Answer => ({ code: CODE.ok, answers, isAuthoritative: true })

const addressOf = (name: string): string => name.split('.').slice(0, 4).reverse().join('.')

function ofPod(name: string): readonly DnsRecord[] | undefined {
  const [, address] = POD.exec(name) ?? []
  return address === undefined ? undefined : [{ name, type: 'A', address: address.replaceAll('-', '.') }]
}
