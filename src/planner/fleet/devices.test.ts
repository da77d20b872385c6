/** The table of devices is whole, and a device is found by whatever people, rows of benchmarks and nodes' labels call it. */
import { expect, test } from 'vitest'
import { formatProblem } from '../../base/problem.ts'
import { PUBLISHED_HARDWARE } from './data/hardware.ts'
import { device, KNOWN_DEVICES } from './devices.ts'

test('every published accelerator is known, and a few variants', () => {
  const names = KNOWN_DEVICES.map(({ host }) => host.device.name)
  expect(names).toEqual(expect.arrayContaining(PUBLISHED_HARDWARE.map(({ name }) => name)))
  expect(names.length).toBe(PUBLISHED_HARDWARE.length + 3)
})

test('no figure is missing, and none is of the wrong size', () => {
  for (const { host } of KNOWN_DEVICES) {
    const { name, memoryBytes, memoryBytesPerSecond, processors, peakFlops } = host.device
    expect(memoryBytes, name).toBeGreaterThanOrEqual(15 * 2 ** 30)
    expect(memoryBytes, name).toBeLessThan(300 * 2 ** 30)
    expect(memoryBytesPerSecond, name).toBeGreaterThan(8e11)
    expect(processors, name).toBeGreaterThan(0)
    expect(Math.max(...Object.values(peakFlops)), name).toBeGreaterThan(1e14)
    expect(host.scaleUpBytesPerSecond, name).toBeGreaterThan(3e10)
    expect(host.nicBytesPerSecond, name).toBeGreaterThan(1e9)
    expect(host.domainDevices, name).toBeGreaterThanOrEqual(host.devicesPerNode)
  }
})

test.each([
  ['H100', 'H100-80GB SXM'],
  ['h100-80gb sxm', 'H100-80GB SXM'],
  ['NVIDIA-H100-80GB-HBM3', 'H100-80GB SXM'],
  ['A100', 'A100-80GB SXM'],
  ['A100-40GB', 'A100-40GB SXM'],
  ['A100-PCIe', 'A100-80GB PCIe'],
  ['NVIDIA-A100-SXM4-80GB', 'A100-80GB SXM'],
  ['GB200', 'GB200 NVL72'],
  ['V100-16GB', 'V100-16GB SXM'],
  ['A800-80GB', 'A800-80GB SXM'],
  ['MI300X', 'MI300X'],
  ['TPU v6e (Trillium)', 'TPU v6e (Trillium)'],
  ['tpu-v5p-slice', 'TPU v5p'],
])('%s is the %s', (name, expected) => expect(device(name)).toMatchObject({ ok: true, value: { name: expected } }))

test('an unknown device is answered with the nearest one', () => {
  const shown = (name: string) => {
    const found = device(name, 'spec.fleet')
    return found.ok ? '' : found.problems.map(formatProblem).join()
  }
  expect(shown('H10O')).toBe('spec.fleet is "H10O", but no device of that name is known. Did you mean "h100"?')
  expect(shown('abacus')).toContain('Write one of v100-32gb, v100-16gb, a100-40gb, a100-80gb')
})

test('published peaks are kept: H100 has 989 TFLOP/s in bf16, B200 has formats that H100 lacks', () => {
  const peaks = (name: string) => {
    const found = device(name)
    return found.ok ? found.value.peakFlops : {}
  }
  expect(peaks('h100')).toEqual({ fp32: 67e12, fp16: 989e12, bf16: 989e12, fp8: 1979e12 })
  expect(peaks('b200')).toMatchObject({ mxfp8: 4500e12, nvfp4: 9000e12 })
  expect(peaks('v100').bf16).toBeUndefined()
})
