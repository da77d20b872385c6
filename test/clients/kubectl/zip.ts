/** Takes one file out of a zip archive: enough of the format (APPNOTE 6.3) for archives that a package ships, without a package to read them. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const END_OF_DIRECTORY = 0x06054b50
const DIRECTORY_ENTRY = 0x02014b50
const END_SIZE = 22
const LOCAL_HEADER_SIZE = 30

/** The bytes of `name`; throws where the archive has no such file. */
export function unzipFile(archive: string, name: string): Buffer {
  const file = openSync(archive, 'r')
  try {
    const read = (position: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      readSync(file, bytes, 0, length, position)
      return bytes
    }
    const { size } = fstatSync(file)
    const tail = read(Math.max(0, size - 65_557), Math.min(size, 65_557))
    let end = tail.length - END_SIZE
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--
    const directory = read(tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
    for (let at = 0; at < directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY; ) {
      const [method, packed] = [directory.readUInt16LE(at + 10), directory.readUInt32LE(at + 20)]
      const [nameLength, extra, comment] = [28, 30, 32].map(offset => directory.readUInt16LE(at + offset)) as [
        number,
        number,
        number,
      ]
      if (directory.toString('utf8', at + 46, at + 46 + nameLength) === name) {
        const header = directory.readUInt32LE(at + 42)
        const local = read(header, LOCAL_HEADER_SIZE)
        const start = header + LOCAL_HEADER_SIZE + local.readUInt16LE(26) + local.readUInt16LE(28)
        const content = read(start, packed)
        return method === 0 ? content : inflateRawSync(content)
      }
      at += 46 + nameLength + extra + comment
    }
    throw new Error(`${archive} has no ${name}`)
  } finally {
    closeSync(file)
  }
}
