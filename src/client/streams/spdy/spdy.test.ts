/** SPDY between two ends of ours: headers, both directions, ends, resets, the pace of the slower one; and against bytes that are none. */
import { duplexPair } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import '../../../../test/properties.ts'
import { openSpdy, type SpdyStream } from './connection.ts'
import { FrameReader } from './frames.ts'
import { DICTIONARY, HeaderReader, HeaderWriter } from './header-blocks.ts'

const wire = duplexPair

const headersOf = (entries: Record<string, string>) => new Map(Object.entries(entries))

test('the dictionary is the one of the draft', () => {
  expect(DICTIONARY.length).toBe(1423)
  expect(DICTIONARY.subarray(0, 11)).toEqual(Buffer.from('\0\0\0\x07options'))
})

test('headers arrive as they were sent, block after block through one zlib stream', async () => {
  const [writer, reader] = [new HeaderWriter(), new HeaderReader()]
  const blocks = [
    headersOf({ streamtype: 'data', port: '8080' }),
    new Map(),
    headersOf({ streamtype: 'error', x: 'ä' }),
  ]
  const packed = await Promise.all(blocks.map(block => writer.write(block)))
  for (const [i, block] of blocks.entries()) expect(await reader.read(packed[i]!)).toEqual(block)
  expect(packed[2]!.length).toBeLessThan(40)
  writer.close()
  reader.close()
})

test('a block that unpacks to more than a client needs is refused', async () => {
  const [writer, reader] = [new HeaderWriter(), new HeaderReader()]
  const bomb = await writer.write(headersOf({ a: 'x'.repeat(1 << 20) }))
  await expect(reader.read(bomb)).rejects.toThrow('too large')
})

test('frames are the same however the bytes are cut', () => {
  const bytes = Buffer.from('800300060000000400000001' + '0000000301000002abcd' + '0000000100000000', 'hex')
  const whole = [...new FrameReader().read(bytes)]
  expect(whole.map(({ kind }) => kind)).toEqual(['control', 'data', 'data'])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), cuts => {
      const reader = new FrameReader()
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const parts = places.slice(1).flatMap((end, i) => [...reader.read(bytes.subarray(places[i], end))])
      expect(parts).toEqual(whole)
    }),
    { numRuns: 50 },
  )
})

test('a stream carries both directions, each with its own end', async () => {
  const [a, b] = wire()
  const client = openSpdy(a)
  const heard: string[] = []
  openSpdy(b, {
    onStream(stream) {
      heard.push(stream.headers.get('streamtype') ?? '')
      stream.on('data', said => stream.write(String(said).toUpperCase())).once('end', () => stream.end())
      return true
    },
  })
  const streams = await Promise.all(['x', 'y', 'z'].map(streamtype => client.open(headersOf({ streamtype }))))
  for (const stream of streams) stream.end(`hello ${stream.id}`)
  expect(await Promise.all(streams.map(stream => text(stream)))).toEqual(['HELLO 1', 'HELLO 3', 'HELLO 5'])
  expect(heard).toEqual(['x', 'y', 'z'])
  client.close()
  await client.closed
})

test('large writes arrive whole', async () => {
  const [a, b] = wire()
  const client = openSpdy(a)
  openSpdy(b, { onStream: stream => stream.pipe(stream) !== undefined })
  const bytes = Buffer.alloc(300_001, 'abcdefg')
  const stream = await client.open(headersOf({ streamtype: 'data' }))
  stream.end(bytes)
  expect((await buffer(stream)).equals(bytes)).toBe(true)
})

test('a stream that is refused or reset ends at once, the others go on', async () => {
  const [a, b] = wire()
  const client = openSpdy(a)
  openSpdy(b, {
    onStream(stream) {
      if (stream.headers.get('streamtype') === 'no') return false
      stream.once('data', () => (stream.headers.get('streamtype') === 'reset' ? stream.reset() : stream.end('fine')))
      return true
    },
  })
  const open = (streamtype: string): Promise<SpdyStream> => client.open(headersOf({ streamtype }))
  const [refused, reset, fine] = await Promise.all([open('no'), open('reset'), open('yes')])
  for (const stream of [reset, fine]) stream.write('go')
  await Promise.all([refused, reset].map(stream => finished(stream).catch(() => {})))
  expect(await text(fine)).toBe('fine')
})

test('whoever does not read holds up the writer, and little is kept meanwhile', async () => {
  const [a, b] = wire()
  const client = openSpdy(a)
  const accepted = new Promise<SpdyStream>(resolve =>
    openSpdy(b, {
      onStream(stream) {
        resolve(stream)
        return true
      },
    }),
  )
  const stream = await client.open(headersOf({ streamtype: 'data' }))
  let sent = 0
  const pump = (): void => {
    while (sent < 4 << 20) {
      sent += 65_536
      if (!stream.write(Buffer.alloc(65_536))) return void stream.once('drain', pump)
    }
    stream.end()
  }
  pump()
  const reader = await accepted
  await new Promise(resolve => setImmediate(resolve))
  expect(sent).toBeLessThan(1 << 20)
  expect((await buffer(reader)).length).toBe(4 << 20)
})

test('no bytes of anybody bring it down', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isControl) => {
      const [a, b] = wire()
      const server = openSpdy(b, { onStream: () => true })
      a.on('error', () => {}).resume()
      a.end(isControl ? Buffer.concat([Buffer.from([0x80, 3, 0, 1]), bytes]) : bytes)
      await server.closed
    }),
    { numRuns: 50 },
  )
})
