/** Megatron's arguments as values: a name and what follows it. */

export type Argument = readonly [name: string, ...values: string[]]
export type Arguments = readonly Argument[]

export const given = (name: string, value: string | number): Argument => [`--${name}`, String(value)]

export const flag = (name: string, isOn: boolean | undefined): Arguments => (isOn ? [[`--${name}`]] : [])
