import { readFileSync } from 'node:fs'
import { type Capability, parseCapabilities } from '../parse/capabilities.js'

/** The exporter's own effective capabilities; undefined where /proc does not tell. */
export function readOwnCapabilities(): ReadonlySet<Capability> | undefined {
  try {
    return parseCapabilities(readFileSync('/proc/self/status', 'utf8'))
  } catch {
    // ENOENT: no /proc.
    return undefined
  }
}
