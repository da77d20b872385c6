/** Every difference between our answers and kube-apiserver's that we know of and leave, with its reason. Nothing else may differ. */
export interface Difference {
  /** Matches `SCENARIO/NUMBER METHOD PATH`. */
  readonly of: RegExp
  /** Matches the place in the answer; absent: all of it. */
  readonly path?: RegExp
  readonly why: string
}

export const DIFFERENCES: readonly Difference[] = [
  {
    of: /./,
    path: /columnDefinitions\.\d+\.description$/,
    why: 'the columns are described in our own words',
  },
  {
    of: /^kind (PersistentVolume|PersistentVolumeClaim|VolumeAttributesClass)\b|^small kinds changed\/[67] /,
    path: /^body\.(metadata\.(finalizers|deletion|labels)|status\.phase)/,
    why: 'no controller here would take the protection of volumes and claims away again, so nothing puts it there',
  },
  {
    of: /persistentvolume(claim)?s\/sample$/,
    path: /^body\.(message|details)/,
    why: 'upstream prints a diff of its internal type behind the message',
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
    why: 'deleting a ReplicationController deletes its pods unless the client says otherwise; upstream orphans them by default',
  },
]
