/**
 * A Server's configuration: immutable ConfigMaps named after what they hold, and how its copies find them and its Secrets. Another
 * configuration is another name, so another pod template and an ordinary rollout; going back finds the old one.
 */
import type { ConfigMap, Container, EnvFromSource, EnvVar, Volume, VolumeMount } from '../../../kube/core.ts'
import { CODE_DIR } from '../../../kube/names.ts'
import type { Server } from '../../../spec/kinds.ts'
import { metadataFor } from '../../made-for.ts'
import { configName, filesName } from './names.ts'

export function configMaps(server: Server): readonly ConfigMap[] {
  const { config = {}, files = {} } = server.spec
  const data = Object.fromEntries(keyedFiles(files).map(({ key, content }) => [key, content]))
  return [...immutableMap(server, configName(server), config), ...immutableMap(server, filesName(server), data)]
}

const immutableMap = (server: Server, name: string | undefined, data: ConfigMap['data']): readonly ConfigMap[] =>
  name === undefined
    ? []
    : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataFor(server, name), immutable: true, data }]

interface KeyedFile {
  /** In the ConfigMap: letters, digits, `-`, `_` and `.` only, and one file each. */
  readonly key: string
  readonly folder: string
  readonly name: string
  readonly content: string
}

function keyedFiles(files: NonNullable<Server['spec']['files']>): readonly KeyedFile[] {
  return Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content], i) => {
      const slash = path.lastIndexOf('/')
      const name = path.slice(slash + 1)
      return {
        key: `${i}.${name.replace(/[^-._a-zA-Z0-9]/g, '_')}`,
        folder: path.slice(0, slash) || '/',
        name,
        content,
      }
    })
}

export interface Given {
  readonly env: readonly EnvVar[]
  readonly envFrom: readonly EnvFromSource[]
  readonly volumes: readonly Volume[]
  readonly volumeMounts: NonNullable<Container['volumeMounts']>
}

/** What later ones say wins over what earlier ones say: Secrets over config. */
export function givenTo(server: Server): Given {
  const { secrets = [] } = server.spec
  const config = configName(server)
  const placed = [...filePlaces(server), ...secretPlaces(server), ...codePlace(server)]
  return {
    env: [...portVariable(server), ...secrets.flatMap(({ name, variables }) => secretVariables(name, variables))],
    envFrom: [
      ...(config === undefined ? [] : [{ configMapRef: { name: config } }]),
      ...secrets.filter(({ path, variables }) => !path && !variables).map(({ name }) => ({ secretRef: { name } })),
    ],
    volumes: placed.map(([volume]) => volume),
    volumeMounts: placed.map(([, mount]) => mount),
  }
}

/** As hosting services do it: a program that asks for PORT listens where its Service sends to. A PORT of the user's wins. */
const portVariable = ({ spec: { run, config } }: Server): readonly EnvVar[] =>
  config?.PORT === undefined ? [{ name: 'PORT', value: String(run.port) }] : []

const secretVariables = (name: string, variables: Readonly<Record<string, string>> = {}): readonly EnvVar[] =>
  Object.entries(variables).map(([variable, key]) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name, key } },
  }))

type Place = readonly [Volume, VolumeMount]

/** One volume a folder, with only the files of that folder. */
function filePlaces(server: Server): readonly Place[] {
  const name = filesName(server)
  if (name === undefined) return []
  const files = keyedFiles(server.spec.files ?? {})
  return [...new Set(files.map(({ folder }) => folder))].map((folder, i) => {
    const items = files.filter(file => file.folder === folder).map(file => ({ key: file.key, path: file.name }))
    return place({ name: `files-${i}`, configMap: { name, items } }, folder)
  })
}

const secretPlaces = ({ spec: { secrets = [] } }: Server): readonly Place[] =>
  secrets.flatMap(({ name, path }, i) =>
    path === undefined ? [] : [place({ name: `secret-${i}`, secret: { secretName: name } }, path)],
  )

const codePlace = ({ spec: { code } }: Server): readonly Place[] =>
  code === undefined ? [] : [place({ name: 'code', configMap: { name: code.configMap } }, CODE_DIR)]

const place = (volume: Volume, mountPath: string): Place => [volume, { name: volume.name, mountPath, readOnly: true }]
