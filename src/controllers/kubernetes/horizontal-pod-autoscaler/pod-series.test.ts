import { expect, test } from 'vitest'
import { type PodSeries, sampleOf, withScrape } from './pod-series.ts'
import { parsePrometheusText } from './prometheus-text.ts'
import { scrapeUrlOf } from './scrape-target.ts'

test('Prometheus text: samples, labels, escapes, types; what is no line of it is passed over', () => {
  const page = parsePrometheusText(
    [
      '# HELP http_requests_total All of them.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="get",path="/a b{}",} 1027 1395066363000',
      'http_requests_total{method="po\\"st\\n"} 3',
      'queue_length 4.5',
      'up +Inf',
      'broken{a="b" 1',
      'also broken',
      'nothing NaN',
      '',
      'with_exemplar_total{a="b"} 5 # {trace_id="x"} 0.67',
      '<html>{"json": 1}',
    ].join('\n'),
  )
  expect(page.samples.get('http_requests_total')).toEqual([
    { labels: { method: 'get', path: '/a b{}' }, value: 1027 },
    { labels: { method: 'po"st\n' }, value: 3 },
  ])
  expect(page.types.get('http_requests_total')).toBe('counter')
  expect([...page.samples.keys()]).toEqual(['http_requests_total', 'queue_length', 'up', 'with_exemplar_total'])
})

const scraped = (...pages: readonly (readonly [number, string])[]): PodSeries =>
  pages.reduce<PodSeries>((series, [at, text]) => withScrape(series, { at, page: parsePrometheusText(text) }), [])

test('a gauge is offered by its name, summed over what the selector takes', () => {
  const series = scraped([0, 'queue{kind="a"} 2\nqueue{kind="b"} 0.5'])
  expect(sampleOf(series, 'queue', undefined)?.milli).toBe(2500)
  expect(sampleOf(series, 'queue', { matchLabels: { kind: 'b' } })?.milli).toBe(500)
  expect(sampleOf(series, 'other', undefined)).toBeUndefined()
})

test('a counter X_total is offered as the rate X_per_second, from the second scrape on', () => {
  const first = [0, 'r_total{code="200"} 100\nr_total{code="500"} 0'] as const
  expect(sampleOf(scraped(first), 'r_per_second', undefined)).toBeUndefined()
  const series = scraped(first, [5_000, 'r_total{code="200"} 140\nr_total{code="500"} 10'])
  expect(sampleOf(series, 'r_per_second', undefined)).toEqual({ milli: 10_000, at: 5_000, windowMs: 5_000 })
  expect(sampleOf(series, 'r_per_second', { matchLabels: { code: '500' } })?.milli).toBe(2_000)
})

test('a counter that fell began anew; the rate is that of the last five seconds', () => {
  const series = scraped([0, 'r_total 100'], [5_000, 'r_total 150'], [10_000, 'r_total 20'])
  expect(sampleOf(series, 'r_per_second', undefined)?.milli).toBe(4_000)
})

test('scrapes that fall together do not make a rate of noise', () => {
  const series = scraped([0, 'r_total 0'], [5_000, 'r_total 50'], [5_100, 'r_total 51'])
  expect(sampleOf(series, 'r_per_second', undefined)).toMatchObject({ milli: 10_000, windowMs: 5_100 })
})

const annotated = (annotations: Record<string, string>, ports?: readonly { readonly containerPort: number }[]) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations } },
  spec: { containers: [{ name: 'c', ...(ports && { ports }) }] },
  status: { phase: 'Running' as const, podIP: '10.0.0.7' },
})
test.each([
  [{}, undefined, undefined],
  [{ 'prometheus.io/scrape': 'true' }, undefined, undefined],
  [{ 'prometheus.io/scrape': 'true' }, 8080, 'http://10.0.0.7:8080/metrics'],
  [{ 'prometheus.io/scrape': 'false' }, 8080, undefined],
  [
    {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '9',
      'prometheus.io/path': 'm',
      'prometheus.io/scheme': 'https',
    },
    8080,
    'https://10.0.0.7:9/m',
  ],
  [{ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9/@evil' }, 8080, undefined],
  [{ 'prometheus.io/scrape': 'true', 'prometheus.io/scheme': 'file' }, 8080, undefined],
])('the annotations %o and port %s lead to %s', (annotations, port, url) => {
  expect(
    scrapeUrlOf(annotated(annotations as Record<string, string>, port ? [{ containerPort: port }] : undefined)),
  ).toBe(url)
})
