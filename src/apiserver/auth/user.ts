/** Who asks: a name, groups, and what the token said besides (apiserver's authentication/user). */

export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** Members may do everything. */
export const MASTERS = 'system:masters'
export const AUTHENTICATED = 'system:authenticated'

/** Whoever holds the administrator's token, and the parts of the cluster that share the server's process. */
export const ADMIN: User = { name: 'solvent-admin', groups: [MASTERS, AUTHENTICATED] }

/** Where no token is given: may ask whether the server lives, and nothing else. */
export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export const isMaster = (user: User): boolean => user.groups.includes(MASTERS)
