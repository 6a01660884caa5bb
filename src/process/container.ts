import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readHostText } from '../foreign/host-text.js'
import type { Refusals } from '../foreign/refusal.js'

/** What the runtime's files say of a container. */
export interface ContainerFacts {
  /** `namespace/workload/container` in Kubernetes; else the name that the user or the runtime gave. */
  readonly name: string | undefined
  /** Labels, or the annotations of the OCI bundle, where runtimes other than docker keep them. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Reads name and labels of a container from the files of docker, podman, CRI-O, containerd, k3s and nerdctl, in their
 * default places.
 *
 * @param rootfs Root of the machine's file system: `/`, or where a container has it.
 * @param containerId 64 hex digits.
 * @returns Undefined where no runtime has a file of it that can be read.
 */
export function readContainerFacts(
  rootfs: string,
  containerId: string,
  refusals: Refusals,
): ContainerFacts | undefined {
  if (!/^[0-9a-f]{64}$/.test(containerId)) return undefined
  const readJson = (path: string) => parseJson(readHostText(join(rootfs, path), refusals))
  return (
    readDocker(readJson, containerId) ??
    readContainersStorage(readJson, containerId) ??
    readContainerd(readJson, rootfs, containerId)
  )
}

/** Reads a file below the root of the machine; undefined where it cannot be read, or is no JSON. */
type ReadJson = (path: string) => unknown

/** Source: moby/moby, container/container.go: config.v2.json. The name begins with a slash. */
function readDocker(readJson: ReadJson, id: string): ContainerFacts | undefined {
  const file = readJson(join('var/lib/docker/containers', id, 'config.v2.json'))
  if (file === undefined) return undefined
  const labels = stringsOf(field(field(file, 'Config'), 'Labels'))
  return { name: kubernetesName(labels) ?? text(field(file, 'Name'))?.replace(/^\//, ''), labels }
}

/**
 * podman as root and CRI-O: both keep containers with containers/storage. The bundle of podman is in graphroot, that
 * of CRI-O in runroot; a container that is removed when it ends is listed in volatile-containers.json
 * (containers/storage, containers.go).
 */
function readContainersStorage(readJson: ReadJson, id: string): ContainerFacts | undefined {
  const graphRoot = 'var/lib/containers/storage/overlay-containers'
  const runRoot = 'run/containers/storage/overlay-containers'
  const bundle =
    readJson(join(runRoot, id, 'userdata/config.json')) ??
    readJson(join(graphRoot, id, 'userdata/config.json'))
  const labels = stringsOf(field(bundle, 'annotations'))
  const entry = ['containers.json', 'volatile-containers.json']
    .flatMap((list) => listOf(readJson(join(graphRoot, list))))
    .find((container) => field(container, 'id') === id)
  if (bundle === undefined && entry === undefined) return undefined
  return { name: kubernetesName(labels) ?? text(listOf(field(entry, 'names'))[0]), labels }
}

/** Where containerd keeps the bundles of running containers: by default, and of k3s (--state). */
const CONTAINERD_STATES = ['run/containerd', 'run/k3s/containerd']

/** nerdctl passes its labels on as annotations (nerdctl, pkg/labels/labels.go). */
const NERDCTL_NAME = 'nerdctl/name'

function readContainerd(readJson: ReadJson, rootfs: string, id: string): ContainerFacts | undefined {
  for (const state of CONTAINERD_STATES) {
    const tasks = join(state, 'io.containerd.runtime.v2.task')
    for (const namespace of namesIn(join(rootfs, tasks))) {
      const bundle = readJson(join(tasks, namespace, id, 'config.json'))
      if (bundle === undefined) continue
      const labels = stringsOf(field(bundle, 'annotations'))
      return { name: kubernetesName(labels) ?? text(labels[NERDCTL_NAME]), labels }
    }
  }
  return undefined
}

/** What the kubelet tells containerd, and what it tells CRI-O and docker (containerd, pkg/cri/annotations). */
const POD_KEYS = [
  {
    namespace: 'io.kubernetes.cri.sandbox-namespace',
    pod: 'io.kubernetes.cri.sandbox-name',
    uid: 'io.kubernetes.cri.sandbox-uid',
    container: 'io.kubernetes.cri.container-name',
  },
  {
    namespace: 'io.kubernetes.pod.namespace',
    pod: 'io.kubernetes.pod.name',
    uid: 'io.kubernetes.pod.uid',
    container: 'io.kubernetes.container.name',
  },
]

function kubernetesName(labels: Readonly<Record<string, string>>): string | undefined {
  for (const keys of POD_KEYS) {
    const { [keys.namespace]: namespace, [keys.pod]: pod, [keys.container]: container } = labels
    if (!namespace || !pod || !container) continue
    // The uid of a static pod is a hash without dashes. Its name ends in the node's, which no controller chose.
    const isStatic = /^[0-9a-f]{32}$/.test(labels[keys.uid] ?? '')
    return `${namespace}/${isStatic ? pod : workloadOf(pod)}/${container}`
  }
  return undefined
}

/** Letters of generated names: no vowels, and no digits that look like them (apimachinery, util/rand). */
const GENERATED = '[bcdfghjklmnpqrstvwxz2456789]'
/**
 * Parts that change with a rollout or a restart: of a Deployment the hash of its ReplicaSet (up to ten letters: as
 * many as a 32-bit number has digits) and a random part; of a CronJob the minute and a random part; of a DaemonSet or
 * a Job a random part; of a StatefulSet the ordinal.
 */
const CHANGING = [
  new RegExp(`^(.+)-(?:${GENERATED}{6,10}|\\d{8,10})-${GENERATED}{5}$`),
  new RegExp(`^(.+)-${GENERATED}{5}$`),
  /^(.+)-\d+$/,
]

/** Name of what made a pod, as far as the pod's own name tells: the same before and after a rollout. */
export function workloadOf(pod: string): string {
  for (const pattern of CHANGING) {
    const workload = pattern.exec(pod)?.[1]
    if (workload !== undefined) return workload
  }
  return pod
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') ?? undefined
  } catch {
    return undefined
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
