/** Every difference between our answers and kube-apiserver's that we know of and leave, with its reason. Nothing else may differ. */
export interface Difference {
  /** Matches `SCENARIO/NUMBER METHOD PATH`; absent: wherever the place occurs. */
  readonly of?: RegExp
  /** Matches the place in the answer; absent: all of it. */
  readonly path?: RegExp
  readonly why: string
}

export const DIFFERENCES: readonly Difference[] = [
  {
    path: /^body\.(\d+\.object\.)?columnDefinitions\.\d+\.description$/,
    why: 'the columns are described in our own words',
  },
  {
    of: /^kind (PersistentVolume|PersistentVolumeClaim|VolumeAttributesClass)\b|^small kinds changed\/[67] /,
    path: /^body\.(metadata\.(finalizers|deletion|labels)|status\.phase)/,
    why: 'no controller here would take the protection of volumes and claims away again, so nothing puts it there',
  },
  {
    of: /\/endpoints/,
    path: /^warnings/,
    why: 'Endpoints are served without a warning that they are deprecated',
  },
  {
    of: /horizontalpodautoscalers|csinodes|limitranges|resourceclaims/,
    path: /(currentMetrics|topologyKeys|spec\.limits|devices\.requests)$/,
    why: 'a list that nobody set is absent, where Go writes null',
  },
  {
    of: /^kind CertificateSigningRequest|^small kinds changed.*certificatesigningrequests/,
    path: /spec\.(username|uid|groups|extra)|rows\.0\.cells\.3$/,
    why: 'the two administrators have different names',
  },
  {
    of: /^kind Node\/|^small kinds\/19 /,
    path: /^body\.spec\.taints/,
    why: 'a new node is no reason to keep pods away: the node agent makes it when it is ready',
  },
  {
    of: /ipaddresses/,
    path: /columnDefinitions\.2/,
    why: 'upstream prints an age without naming its column',
  },
  {
    of: /^kind EndpointSlice\/3|^small kinds changed\/(22|45) /,
    path: /metadata\.generation$/,
    why: 'the generation counts changes of what is wanted: not of labels, and of every field that is wanted',
  },
  {
    of: /^kind ReplicationController\/4/,
    why: 'deleting a ReplicationController deletes its pods unless the client says otherwise; upstream orphans them by default (and those of a Job, with a warning)',
  },
  // What upstream answers with a 500, though it is the client who is wrong.
  {
    of: /^(create\/12|update\/6|strategic merges lists by key\/7|strategic directives\/16|apply refused\/1[3-6]|apply a deployment\/11|versions\/21|watch\/24|binding\/[23]|custom resources\/59) /,
    why: 'what a client has done wrong is a 4xx that says what; upstream answers 500 without a reason',
  },
  {
    of: /^update\/8 |^binding\/4 /,
    path: /message$|details/,
    why: 'upstream tells the key in etcd and an error of its storage',
  },
  {
    of: /^yaml bodies\/[24] |^apply refused\/(10|11|24) /,
    path: /message$/,
    why: 'another YAML parser has other words; place and cause are told',
  },
  {
    of: /^yaml bodies\/8 /,
    why: 'answers are JSON: no client asks for YAML alone',
  },
  {
    of: /^yaml bodies\/1 /,
    path: /uid$/,
    why: 'follows from the answer in YAML, which has the uid once more',
  },
  {
    of: /^field validation\/[67] /,
    why: 'a field that stands twice in JSON is taken from its last place without a word: the parser does not tell',
  },
  {
    of: /^field validation\/17 /,
    path: /message$/,
    why: 'Go writes a control character otherwise than JSON',
  },
  {
    of: /^json patch malformed\/8 /,
    path: /message$/,
    why: 'the object is shown in the message with its fields in another order',
  },
  {
    of: /^merge patch\/24 /,
    path: /resourceVersion$/,
    why: 'a write of the manager alone: whether the version changes depends on the clock',
  },
  {
    of: /^apply a deployment\/(7|9|10) |^scale\/14 |^custom resources\/48 /,
    path: /managedFields|lastTransitionTime$|lastUpdateTime$/,
    why: 'the owner of replicas by scale is recorded with its time; a condition without times has none',
  },
  {
    of: /^binding\/7 /,
    path: /managedFields|generation$/,
    why: 'the scheduler is recorded as the owner of what binding sets, and a node is wanted, so the generation counts it',
  },
  {
    of: /^(pod refused\/[34]|job refused\/19) /,
    why: 'a container needs no image (docs/decisions/0005)',
  },
  {
    of: /^pod refused\/(28|84) |^service defaults\/12 |^secrets\/7 /,
    path: /^warnings/,
    why: 'no warnings about what is legal and unwise',
  },
  {
    of: /^pod updates\/18 |^pod grace\/(9|10) /,
    path: /resourceVersion$/,
    why: 'a pod that goes at once is shown with the version that it had',
  },
  {
    of: /^(paths and methods)\/(7|15|16|28) /,
    why: 'unknown paths are answered with a Status, which clients can read, instead of plain text',
  },
  {
    of: /^paths and methods\/24 /,
    why: 'Node refuses a method that HTTP does not know before we see it',
  },
  {
    of: /^job updates\/[79] /,
    path: /message$/,
    why: 'upstream prints its internal types',
  },
  {
    of: /^token\/2 /,
    path: /audiences/,
    why: "the issuer is configured otherwise: kubeadm's name here",
  },
  {
    of: /^namespaces\/8 /,
    why: 'finalize changes finalizers alone, whatever else the body says',
  },
  {
    of: /^watch\/25 /,
    why: 'a watch from a version that is yet to come is refused at once, as a list is, instead of kept silent',
  },
  {
    of: /^watch\/20 /,
    why: 'sendInitialEvents without bookmarks is refused: its end could not be told',
  },
  {
    of: /^watch\/3[34] /,
    why: 'the deprecated /watch/ paths are not served: no client since 1.11 asks for them',
  },
  {
    of: /^scale\/13 /,
    why: 'a Scale has no Table',
  },
  // Custom resources.
  {
    of: /^custom resources\/1 |^definitions refused\/8 /,
    path: /metadata\.finalizers$|status\.conditions$/,
    why: "a definition has its finalizer from the start, where upstream's controller adds it a moment later; conditions that nobody set are absent, not null",
  },
  {
    of: /^custom resources\/26 /,
    path: /^warnings/,
    why: 'a body of a version that is not served is refused without a warning that all of its fields are unknown',
  },
  {
    of: /^custom resources\/40 /,
    path: /message/,
    why: 'of what is wrong in a status the whole path is told, where upstream leaves its beginning out of the message',
  },
  {
    of: /^small kinds\/6 /,
    path: /message$|details\.group$/,
    why: 'an Event that was sent to events.k8s.io is refused by that name; upstream names the core group',
  },
]
