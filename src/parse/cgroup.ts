/** Where a process is in the cgroup hierarchies, from /proc/PID/cgroup. */
export interface CgroupPaths {
  /** Path in the v2 hierarchy, or undefined. */
  readonly unified: string | undefined
  /** v1 path by controller name (cpu, cpuacct, cpuset, name=systemd …). */
  readonly v1: ReadonlyMap<string, string>
}

/** What put a process into its cgroup. */
export interface CgroupIdentity {
  /**
   * systemd unit that holds the process, e.g. shop.service, written as systemctl prints it: `\x2d` stays, since the
   * unit's file is named so too. Undefined for sessions, init.scope, the user manager, containers and pods.
   */
  readonly systemdUnit: string | undefined
  /**
   * What holds the manager that the unit is of: `user@1000.service` for a user's, `systemd-nspawn@web.service` or
   * `lxc.payload.web` for that of a system inside; with `/` between them where one holds the other. Undefined for the
   * machine's own manager or that of a container with an id, and without a unit.
   */
  readonly unitOwner: string | undefined
  /** 64 hex digits. */
  readonly containerId: string | undefined
  /**
   * What lies around the container and may have named its cgroup: `user@1000.service`, the first 12 digits of another
   * container's id; with `/` between them where one holds the other. Undefined for a container of the machine's own
   * runtimes, and without a container.
   */
  readonly containerOwner: string | undefined
  /** Lower case with dashes, as Kubernetes has it; 32 hex digits for a static pod. */
  readonly podUid: string | undefined
  /** The path that says most: the one with a container, else the deepest. */
  readonly path: string
}

/**
 * Parses /proc/PID/cgroup: lines of `ID:CONTROLLERS:PATH`, where v2 has `0::PATH` (cgroups(7)). Lines of another form
 * are left out.
 */
export function parseProcCgroup(text: string): CgroupPaths {
  let unified: string | undefined
  const v1 = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line)
    if (!match) continue
    const [, hierarchy = '', controllers = '', written = ''] = match
    // cgroups(7): a process outlives its v2 cgroup as a zombie.
    const path = written.replace(/ \(deleted\)$/, '')
    if (controllers !== '') for (const controller of controllers.split(',')) v1.set(controller, path)
    else if (hierarchy === '0') unified = path
  }
  return { unified, v1 }
}

/**
 * Finds unit, container and pod in the names that systemd, the container runtimes and the kubelet give to cgroups.
 * Of nested ones the innermost counts: a pod of a cluster that itself runs in containers, a unit of a container that
 * runs systemd. A unit around a container is the runtime's own and does not count, except where podman runs the
 * container inside the unit that started it (`--cgroups=split`, as Quadlet does).
 */
export function identifyCgroup(paths: CgroupPaths): CgroupIdentity {
  const path = mostSpecific(paths)
  const names = namesOf(path).reverse()
  return {
    ...findUnit(names),
    ...findContainer(names),
    podUid: firstDefined(names, podOf),
    path,
  }
}

/**
 * On a v1 or hybrid host only some hierarchies may know the unit or the container: systemd uses name=systemd and
 * leaves processes in the root of controllers it does not need, docker's cgroupfs driver the other way round.
 */
function mostSpecific({ unified, v1 }: CgroupPaths): string {
  const candidates = [unified, v1.get('name=systemd'), v1.get('cpu'), ...v1.values()].filter(
    (path) => path !== undefined,
  )
  const rank = (path: string): number => {
    const names = namesOf(path)
    // Deeper than any path is long: PATH_MAX is 4096.
    return names.length + (names.some((name) => containerOf(name) !== undefined) ? 4096 : 0)
  }
  return candidates.reduce((best, path) => (rank(path) > rank(best) ? path : best), candidates[0] ?? '/')
}

/** `..` leads out of the cgroup namespace of whoever reads /proc. */
function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '..')
}

/**
 * Slice of the user in whose sessions, or by whose manager, a process runs: such as `user-1000.slice`, which nobody else
 * can move a process into.
 *
 * @param path As CgroupIdentity has it.
 */
export function userSliceOf(path: string): string | undefined {
  const [outer, slice] = namesOf(path)
  return outer === 'user.slice' && slice !== undefined && /^user-\d+\.slice$/.test(slice) ? slice : undefined
}

function firstDefined(names: readonly string[], find: (name: string) => string | undefined) {
  for (const name of names) {
    const found = find(name)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * A bare id (cgroupfs driver), RUNTIME-ID.scope (systemd driver), or SLICE:RUNTIME:ID, which is what runc's form for
 * the systemd driver becomes where the cgroupfs driver reads it.
 */
const CONTAINER = /^(?:(?<runtime>.*)[-:])?(?<id>[0-9a-f]{64})(?:\.scope)?$/

function containerOf(name: string): string | undefined {
  const { runtime, id } = CONTAINER.exec(name)?.groups ?? {}
  // crio-conmon-ID and libpod-conmon-ID hold the monitor, which is not part of the container.
  return runtime?.endsWith('conmon') ? undefined : id
}

/** The manager of a user, which may make cgroups of any name below its own. */
const USER_MANAGER = /^user@\d+\.service$/

/** @param names The innermost first. */
function findContainer(names: readonly string[]): Pick<CgroupIdentity, 'containerId' | 'containerOwner'> {
  const index = names.findIndex((name) => containerOf(name) !== undefined)
  if (index < 0) return { containerId: undefined, containerOwner: undefined }
  const owners = names.slice(index + 1).flatMap((name) => {
    return USER_MANAGER.test(name) ? [name] : (containerOf(name)?.slice(0, 12) ?? [])
  })
  return {
    containerId: containerOf(names[index] ?? ''),
    containerOwner: owners.length === 0 ? undefined : owners.reverse().join('/'),
  }
}

/** systemd's driver writes `-` of a uid as `_`, since `-` separates the levels of a slice. */
const POD =
  /^(?:.*-)?pod(?<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice.*)?$/i

function podOf(name: string): string | undefined {
  return POD.exec(name)?.groups?.uid?.toLowerCase().replaceAll('_', '-')
}

/** Scopes that hold no service: log-ins and process 1 of a (user) manager. */
const NO_UNIT = /^(?:session-[^/]*|init)\.scope$|^user@\d+\.service$/

/** @param names The innermost first. */
function findUnit(names: readonly string[]): Pick<CgroupIdentity, 'systemdUnit' | 'unitOwner'> {
  let found: number | undefined
  for (const [index, name] of names.entries()) {
    if (isContainerOrPod(name)) {
      if (name.startsWith('libpod-payload-')) continue
      break
    }
    const unit = unitName(name)
    if (NO_UNIT.test(unit) || /conmon-[0-9a-f]{64}\.scope$/.test(unit)) continue
    if (unit.endsWith('.scope')) found ??= index
    if (!unit.endsWith('.service')) continue
    found = index
    break
  }
  if (found === undefined) return { systemdUnit: undefined, unitOwner: undefined }
  return { systemdUnit: unitName(names[found] ?? ''), unitOwner: findOwner(names.slice(found + 1)) }
}

function isContainerOrPod(name: string): boolean {
  return containerOf(name) !== undefined || podOf(name) !== undefined
}

/** What systemd-nspawn and Proxmox VE put between a machine and the system in it. */
const INSIDE = /^(?:payload|ns)$/

/**
 * Of one manager no two units have the same name, whatever their slices. Below a unit or a folder that is no slice
 * another manager has the cgroups (systemd.io/CGROUP_DELEGATION).
 *
 * @param outer What is around a unit, the innermost first.
 */
function findOwner(outer: readonly string[]): string | undefined {
  const border = outer.findIndex(isContainerOrPod)
  const owners = outer
    .slice(0, border < 0 ? undefined : border)
    .filter((name) => !name.endsWith('.slice') && !INSIDE.test(name))
  return owners.length === 0 ? undefined : owners.map(unitName).reverse().join('/')
}

/** systemd puts `_` before a unit's name that could be taken for a file of the kernel's, such as cpu.service. */
function unitName(name: string): string {
  return name.startsWith('_') ? name.slice(1) : name
}
