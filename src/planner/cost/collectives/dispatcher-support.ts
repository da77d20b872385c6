/** Which dispatchers run on a device at all. */
import type { Device } from '../../fleet/device.ts'
import type { Dispatcher } from '../../training/layout.ts'

/** DeepEP and HybridEP are CUDA libraries whose kernels copy with Hopper's memory accelerator; NCCL and its ports are everywhere. */
export const runsOn = (dispatcher: Dispatcher, { generation }: Device): boolean =>
  (dispatcher !== 'deepep' && dispatcher !== 'hybridep') || generation === 'hopper' || generation === 'blackwell'
