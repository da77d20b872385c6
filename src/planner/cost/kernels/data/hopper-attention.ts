/**
 * Training's attention kernels on Hopper, from the FlashAttention-3 paper (Shah et al., 2407.08608: figure 5 forward, causal, 16k tokens 2048 wide,
 * 512 to 16k keys; figure 6 backward, no mask), H100 SXM. Each line of six points as rate = limit / (1 + (shortKeys / keys)^shortPower), within 5 %.
 * `keys` counts twice those that a query sees on average, so that both masks share a line. Limits in TFLOP/s.
 */
export interface PublishedRate {
  readonly limit: number
  readonly shortKeys: number
  readonly shortPower: number
}

export interface PublishedKernel {
  readonly forward: PublishedRate
  readonly backward: PublishedRate
}

const rate = (limit: number, shortKeys: number, shortPower: number): PublishedRate => ({ limit, shortKeys, shortPower })

/** Backward of heads of 256 is not in the figures: three quarters of the forward, as later releases reach. */
export const HOPPER_ATTENTION = {
  flash2: {
    '64': { forward: rate(300, 370, 1.2), backward: rate(295, 512, 1.03) },
    '128': { forward: rate(338, 400, 1.3), backward: rate(328, 556, 1.03) },
    '256': { forward: rate(299, 270, 1.3), backward: rate(225, 556, 1.03) },
  },
  vendor: {
    '64': { forward: rate(395, 400, 1.05), backward: rate(437, 689, 1.25) },
    '128': { forward: rate(542, 390, 1.35), backward: rate(525, 724, 1.2) },
    '256': { forward: rate(512, 370, 1.15), backward: rate(385, 724, 1.2) },
  },
  flash3: {
    '64': { forward: rate(485, 760, 1.2), backward: rate(480, 797, 1.2) },
    '128': { forward: rate(622, 580, 1.27), backward: rate(572, 882, 1.25) },
    '256': { forward: rate(648, 620, 1.3), backward: rate(490, 882, 1.25) },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<'64' | '128' | '256', PublishedKernel>>>>

/** The peak that the limits are fractions of. */
export const HOPPER_PEAK_TERAFLOPS = 989
