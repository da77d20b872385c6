/** LoadBalancer Services get what a cloud would give them (the service controller's part), pure: here their own address, which the machine reaches. */
import type { Service } from '../../kube/core.ts'
import { hasServiceAddress } from './forwarding.ts'

/** The status that it should have; undefined: it has it. */
export function balancerStatus(service: Service): Service['status'] | undefined {
  const { spec, status } = service
  if (spec.type !== 'LoadBalancer' || !hasServiceAddress(service)) return undefined
  const ingress = [{ ip: spec.clusterIP ?? '', ipMode: 'VIP' }]
  const present = status?.loadBalancer?.ingress ?? []
  const isRight = present.length === 1 && present[0]?.ip === ingress[0]?.ip
  return isRight ? undefined : { loadBalancer: { ingress } }
}
