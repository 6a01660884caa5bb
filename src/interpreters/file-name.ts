/** What interpreters run where they are given the folder: by itself it says nothing. */
const OF_FOLDER = /^(?:index\.(?:php|[cm]?[jt]sx?)|__main__\.py)$/
/** Descriptors, as in `bash <(…)`: the same path is another script each time. */
const NO_FILE = /^\/(?:dev|proc)\//

/** Name of a file without its folders. @returns Undefined where the path has none of its own: `.`, /dev/fd/63. */
export function fileName(path: string): string | undefined {
  if (NO_FILE.test(path)) return undefined
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  const name = names.pop()
  if (name === undefined || name === '..') return undefined
  const folder = names.pop()
  return folder !== undefined && folder !== '..' && OF_FOLDER.test(name) ? `${folder}/${name}` : name
}
