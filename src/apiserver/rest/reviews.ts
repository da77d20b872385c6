/**
 * Questions about access: may somebody do this (the four access reviews), whose is this token, who am I. Answered, never stored. Each is a
 * function from the body's spec to a status; what is asked about others needs the right to `create` the review, as upstream has it.
 */
import { formatTime } from '../../base/clock.ts'
import { isRecord } from '../../kube/equal.ts'
import { aggregateText } from '../../kube/status.ts'
import type { Authenticator } from '../auth/authenticate.ts'
import { type Attributes, authorize, decide, rulesOf } from '../auth/authorize.ts'
import { notFound } from '../auth/rbac/rule-index.ts'
import type { User } from '../auth/user.ts'
import { type FieldError, invalid, invalidObject } from '../resource/field-error.ts'
import { badRequest, methodNotAllowed } from '../resource/refusals.ts'
import { mediaTypeOf, parseBody, readBody } from './body.ts'
import type { Exchange } from './exchange.ts'
import { sendJson } from './respond.ts'
import type { ResourceRoute } from './route.ts'

export interface ReviewExchange extends Exchange {
  readonly authenticator: Authenticator
}

type Fields = Readonly<Record<string, unknown>>
/** What takes the body's place: its `spec` and `status`, where they change. */
type Answer = (exchange: ReviewExchange, spec: Fields, namespace: string | undefined) => Fields

const AUTHORIZATION = 'authorization.k8s.io/v1'
const AUTHENTICATION = 'authentication.k8s.io/v1'

const REVIEWS: Readonly<Record<string, { readonly kind: string; readonly answer: Answer }>> = {
  [`${AUTHORIZATION}/selfsubjectaccessreviews`]: {
    kind: 'SelfSubjectAccessReview',
    answer: ({ engine, user }, spec) => ({ status: verdict(engine, user, attributesOf(spec)) }),
  },
  [`${AUTHORIZATION}/subjectaccessreviews`]: {
    kind: 'SubjectAccessReview',
    answer: ({ engine }, spec) => ({
      status: verdict(engine, subjectOf(spec), attributesOf(spec, subjectErrors(spec))),
    }),
  },
  [`${AUTHORIZATION}/localsubjectaccessreviews`]: {
    kind: 'LocalSubjectAccessReview',
    answer: ({ engine }, spec, namespace) => {
      const attributes = attributesOf(spec, [...subjectErrors(spec), ...placeErrors(spec, namespace)])
      return { status: verdict(engine, subjectOf(spec), attributes) }
    },
  },
  [`${AUTHORIZATION}/selfsubjectrulesreviews`]: {
    kind: 'SelfSubjectRulesReview',
    answer: ({ engine, user }, { namespace }) => {
      if (typeof namespace !== 'string' || namespace === '') throw badRequest('no namespace on request')
      return { spec: {}, status: rulesStatus(engine, user, namespace) }
    },
  },
  [`${AUTHENTICATION}/tokenreviews`]: {
    kind: 'TokenReview',
    answer: ({ authenticator }, { token, audiences }) => {
      if (typeof token !== 'string' || token === '')
        throw badRequest('token is required for TokenReview in authentication')
      const asked = Array.isArray(audiences) && audiences.length > 0 ? audiences.map(String) : undefined
      const found = authenticator.review(token, asked)
      if ('error' in found) return { status: { user: {}, error: found.error } }
      return { status: { authenticated: true, user: userInfo(found.user), audiences: found.audiences } }
    },
  },
  [`${AUTHENTICATION}/selfsubjectreviews`]: {
    kind: 'SelfSubjectReview',
    answer: ({ engine, user }) => ({
      metadata: { creationTimestamp: formatTime(engine.clock.now()) },
      status: { userInfo: userInfo(user) },
    }),
  },
}

const keyOf = ({ group, version, plural }: ResourceRoute): string => `${group}/${version}/${plural}`

export const isReview = (route: ResourceRoute): boolean => keyOf(route) in REVIEWS

export async function handleReview(exchange: ReviewExchange, route: ResourceRoute): Promise<void> {
  const { request, response, engine, user } = exchange
  const { group, plural, namespace } = route
  const verb = request.method === 'POST' ? 'create' : (request.method ?? 'GET').toLowerCase()
  authorize(engine.store, user, {
    kind: 'resource',
    verb,
    group,
    resource: plural,
    ...(namespace !== undefined && { namespace }),
  })
  const review = REVIEWS[keyOf(route)]
  if (request.method !== 'POST' || route.name !== undefined || !review) throw methodNotAllowed()
  const body = await parseBody(await readBody(request), mediaTypeOf(request))
  if (!isRecord(body)) throw badRequest('the body of the request must be an object')
  const spec = isRecord(body.spec) ? body.spec : {}
  const answer = review.answer(exchange, spec, namespace)
  const shown = {
    kind: review.kind,
    apiVersion: `${group}/${route.version}`,
    metadata: body.metadata ?? {},
    spec: body.spec,
  }
  await sendJson(request, response, { code: 201, body: { ...shown, ...answer } })
}

const userInfo = ({ name, uid, groups, extra }: User): Fields => ({
  username: name,
  ...(uid && { uid }),
  groups,
  ...(extra && { extra }),
})

function verdict({ store }: Exchange['engine'], user: User, attributes: Attributes): Fields {
  const { isAllowed, reason } = decide(store, user, attributes)
  return { allowed: isAllowed, ...(reason && { reason }) }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

const subjectOf = ({ user, groups }: Fields): User => ({ name: text(user), groups: texts(groups) })

const subjectErrors = ({ user, groups }: Fields): readonly FieldError[] =>
  text(user) || texts(groups).length > 0
    ? []
    : [invalid('spec.user', '', 'at least one of user or group must be specified')]

const placeErrors = ({ resourceAttributes }: Fields, namespace: string | undefined): readonly FieldError[] => {
  const asked = isRecord(resourceAttributes) ? text(resourceAttributes.namespace) : ''
  return asked === namespace
    ? []
    : [invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace')]
}

/** Upstream names no kind here. */
const NAMELESS = { group: 'authorization.k8s.io', kind: '' }
const ONE_OF = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'

function attributesOf(spec: Fields, others: readonly FieldError[] = []): Attributes {
  const { nonResourceAttributes: path, resourceAttributes: asked } = spec
  const isClear = isRecord(path) !== isRecord(asked)
  const shown = isRecord(path) ? { Path: text(path.path), Verb: text(path.verb) } : null
  const errors = [...(isClear ? [] : [invalid('spec', shown, ONE_OF)]), ...others]
  if (errors.length > 0) throw invalidObject(NAMELESS, '', errors)
  if (isRecord(path)) return { kind: 'path', verb: text(path.verb), path: text(path.path) }
  const { verb, group, resource, ...rest } = asked as Fields
  const [subresource, namespace, name] = [rest.subresource, rest.namespace, rest.name].map(text)
  return {
    kind: 'resource',
    verb: text(verb),
    group: text(group),
    resource: text(resource),
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  }
}

function rulesStatus({ store }: Exchange['engine'], user: User, namespace: string): Fields {
  const { rules, missing: references } = rulesOf(store).rulesFor(user, namespace)
  const missing = references.map(notFound)
  return {
    resourceRules: rules.filter(({ resources }) => resources?.length).map(({ nonResourceURLs: _, ...rule }) => rule),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
    ...(missing.length > 0 && { evaluationError: aggregateText(missing) }),
  }
}
