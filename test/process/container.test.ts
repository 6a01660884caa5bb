import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRefusals } from '../../src/foreign/refusal.js'
import { readContainerFacts, workloadOf } from '../../src/process/container.js'

const ID = '1733e7a76be7ee5c026275bb563de617e1e5723164a1f07903469a320d5a67a4'
const OTHER = '579635db3532e954d07927bdc32bd435bd082f03a0696ded072f04d762a18775'
const DOCKER = `var/lib/docker/containers/${ID}/config.v2.json`
const CONTAINERD = `run/containerd/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'amdahl-rootfs-'))
})

afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const readFacts = (rootfs: string, id: string) => readContainerFacts(rootfs, id, createRefusals())

describe('a container of', () => {
  test('docker has its name without the slash, and its labels', () => {
    write(DOCKER, {
      ID,
      Name: '/shop',
      Config: { Hostname: ID.slice(0, 12), Labels: { 'org.opencontainers.image.version': '1.4.2' } },
    })
    expect(readFacts(root, ID)).toEqual({
      name: 'shop',
      labels: { 'org.opencontainers.image.version': '1.4.2' },
    })
  })

  test('docker in Kubernetes has the name of its workload', () => {
    const labels = {
      'io.kubernetes.container.name': 'app',
      'io.kubernetes.pod.name': 'cart-6799fc88d8-tzx7g',
      'io.kubernetes.pod.namespace': 'shop',
    }
    write(DOCKER, { Name: `/k8s_app_cart-6799fc88d8-tzx7g_shop_2ce73eae_0`, Config: { Labels: labels } })
    expect(readFacts(root, ID)).toEqual({ name: 'shop/cart/app', labels })
  })

  test.each(['containers.json', 'volatile-containers.json'])('podman has the name that %s gives', (list) => {
    const folder = 'var/lib/containers/storage/overlay-containers'
    write(`${folder}/${list}`, [
      { id: OTHER, names: ['cart'] },
      { id: ID, names: ['shop', 'shop-alias'], image: OTHER, metadata: '{"image-name":"shop:1"}' },
    ])
    expect(readFacts(root, ID)).toEqual({ name: 'shop', labels: {} })
    write(`${folder}/${ID}/userdata/config.json`, { annotations: { 'io.container.manager': 'libpod' } })
    expect(readFacts(root, ID)).toEqual({
      name: 'shop',
      labels: { 'io.container.manager': 'libpod' },
    })
  })

  test('CRI-O has the name of its workload, though its storage has another', () => {
    write('var/lib/containers/storage/overlay-containers/containers.json', [
      { id: ID, names: [`k8s_app_db-0_shop_be76f5b7-8151-4a31-98a6-e3a8313959f7_0`] },
    ])
    write(`run/containers/storage/overlay-containers/${ID}/userdata/config.json`, {
      annotations: {
        'io.kubernetes.container.name': 'app',
        'io.kubernetes.pod.name': 'db-0',
        'io.kubernetes.pod.namespace': 'shop',
        'io.kubernetes.pod.uid': 'be76f5b7-8151-4a31-98a6-e3a8313959f7',
        version: '7',
      },
    })
    expect(readFacts(root, ID)).toMatchObject({ name: 'shop/db/app', labels: { version: '7' } })
  })

  const CRI = {
    'io.kubernetes.cri.container-name': 'app',
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.image-name': 'registry.example/cart:1.4.2',
    'io.kubernetes.cri.sandbox-id': OTHER,
    'io.kubernetes.cri.sandbox-name': 'cart-6799fc88d8-tzx7g',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
    'io.kubernetes.cri.sandbox-uid': '4fe556a4-0bd7-45be-966f-46e2cbf4c4ac',
  }

  test.each(['run/containerd', 'run/k3s/containerd'])('containerd in %s', (state) => {
    write(`${state}/io.containerd.runtime.v2.task/default/${OTHER}/config.json`, {})
    write(`${state}/io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`, {
      ociVersion: '1.1.0',
      annotations: CRI,
    })
    expect(readFacts(root, ID)).toEqual({ name: 'shop/cart/app', labels: CRI })
  })

  test('containerd that is a static pod keeps the name of the node', () => {
    const annotations = {
      ...CRI,
      'io.kubernetes.cri.sandbox-name': 'etcd-node-1',
      'io.kubernetes.cri.sandbox-uid': '89f4f2cb511c3b0b7e5272cff5ec37bf',
    }
    write(CONTAINERD, { annotations })
    expect(readFacts(root, ID)?.name).toBe('shop/etcd-node-1/app')
  })

  test('containerd that holds the sandbox of a pod has no name', () => {
    const { 'io.kubernetes.cri.container-name': _, ...annotations } = CRI
    write(CONTAINERD, { annotations })
    expect(readFacts(root, ID)?.name).toBeUndefined()
  })

  test('nerdctl has the name that it was given', () => {
    write(`run/containerd/io.containerd.runtime.v2.task/default/${ID}/config.json`, {
      annotations: { 'nerdctl/name': 'shop', 'nerdctl/namespace': 'default' },
    })
    expect(readFacts(root, ID)?.name).toBe('shop')
  })
})

describe('what cannot be read', () => {
  test.each(['', ID.slice(1), ID.toUpperCase(), `${'../'.repeat(21)}x`])('%j is no id', (id) => {
    write(DOCKER, { Name: '/shop' })
    expect(readFacts(root, id)).toBeUndefined()
  })

  test('no file is no container', () => {
    expect(readFacts(root, ID)).toBeUndefined()
    expect(readFacts(join(root, 'nowhere'), ID)).toBeUndefined()
  })

  test.each(['', '{', 'null', '"x"', `{"a":${'['.repeat(100_000)}`])('%.20j gives no name', (text) => {
    write(DOCKER, text)
    expect(readFacts(root, ID)?.name).toBeUndefined()
  })

  test('a file beyond one MiB is not read', () => {
    write(DOCKER, { Name: '/shop', pad: 'x'.repeat(1024 * 1024) })
    expect(readFacts(root, ID)).toBeUndefined()
  })

  test('a folder and a named pipe in place of the file are not waited for', () => {
    mkdirSync(join(root, DOCKER), { recursive: true })
    mkdirSync(join(root, dirname(CONTAINERD)), { recursive: true })
    execFileSync('mkfifo', [join(root, CONTAINERD)])
    expect(readFacts(root, ID)).toBeUndefined()
  })

  test('whatever the JSON, it never throws, and all labels are text', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.jsonValue(), (config, labels, names) => {
        write(DOCKER, config)
        write('var/lib/containers/storage/overlay-containers/containers.json', [{ id: ID, names }])
        write(CONTAINERD, `{"annotations":${labels}}`)
        const facts = readFacts(root, ID)
        expect(Object.values(facts?.labels ?? {}).every((label) => typeof label === 'string')).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('a label named __proto__ is a label', () => {
    write(DOCKER, '{"Name":"/a","Config":{"Labels":{"__proto__":"x","n":1,"io.kubernetes.pod.name":["y"]}}}')
    expect(Object.entries(readFacts(root, ID)?.labels ?? {})).toEqual([['__proto__', 'x']])
  })
})

describe('the workload of a pod', () => {
  test.each([
    ['Deployment', 'cart-6799fc88d8-tzx7g', 'cart'],
    ['Deployment', 'kube-dns-7c9f8-backend-5d4c9f7b6-x2v8k', 'kube-dns-7c9f8-backend'],
    ['Deployment with a short hash', 'cart-5746894-tzx7g', 'cart'],
    ['DaemonSet', 'node-exporter-x2v8k', 'node-exporter'],
    ['StatefulSet', 'db-0', 'db'],
    ['StatefulSet', 'db-eu-west-12', 'db-eu-west'],
    ['Job', 'migrate-bq4lz', 'migrate'],
    ['CronJob', 'backup-28912345-bq4lz', 'backup'],
    ['CronJob before Kubernetes 1.21', 'backup-1612345680-bq4lz', 'backup'],
    ['pod of its own', 'cart', 'cart'],
    ['pod of its own', 'cart-debug', 'cart-debug'],
    ['pod of its own', 'wasm-test', 'wasm-test'],
    ['pod of its own', '0', '0'],
  ])('%s: %s is %s', (_, pod, workload) => {
    expect(workloadOf(pod)).toBe(workload)
  })
})
