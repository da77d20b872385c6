/** docs/differences.md: where our answers differ from kube-apiserver's, and why, for whoever wants to know before using it. */
import type { Comparison } from './compare-answers.ts'

const HEAD = `# Differences from kube-apiserver

Written by \`node scripts/run-ts.js test/cluster/print-differences.ts\` out of \`test/cluster/differences.ts\`, checked by
\`test/fast/oracle.test.ts\`, which sends recorded requests to our API server and compares its answers with those that kube-apiserver
1.37.2 has given: status, media type, warnings and body. Nothing else differs in these requests. What is not served at all stands in
[api-server.md](api-server.md).
`

export function differencesPage({ equal, listed }: Comparison, requests: number): string {
  const byReason = new Map<string, Set<string>>()
  for (const [{ why }, of] of listed) byReason.set(why, new Set([...(byReason.get(why) ?? []), ...of]))
  const rows = [...byReason]
    .sort(([, left], [, right]) => right.size - left.size)
    .map(([why, of]) => `| ${sentence(why)} | ${of.size} | ${[...of].slice(0, 2).map(request).join(', ')} |`)
  return [
    HEAD,
    `${requests} requests; ${equal} answers are equal in everything.`,
    '',
    '| what differs | requests | for example |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** Names of fields stay as they are. */
const sentence = (why: string): string =>
  /^\w+[A-Z]/.test(why) ? why : `${why.slice(0, 1).toUpperCase()}${why.slice(1)}`

/** A request without the name under which it is recorded. */
const request = (of: string): string => `\`${of.replace(/^.*?\/\d+ /, '').replace(/\/NS(?=\/)/, '/…')}\``
