/** The constants of a pass over memory on one kind of device. */
export interface PassFit {
  /** Of the data sheet's bandwidth. */
  readonly memoryEfficiency: number
  readonly launchMicroseconds: number
}
