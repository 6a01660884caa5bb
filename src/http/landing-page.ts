import type { EstimateAnswer } from '../api/field.js'
import { OPENAPI_PATH, TARGETS_PATH } from '../api/paths.js'
import type { Target } from '../api/target.js'
import type { StatusView } from '../metrics/status.js'
import { escapeHtml } from './escape-html.js'
import { renderPage } from './page.js'

/** The page at `/`: what the exporter sees now, and where everything else is. @param prefix Of its paths, to people. */
export function renderLandingPage(
  status: StatusView,
  targets: readonly Target[],
  telemetryPath: string,
  prefix: string,
): string {
  const { version, node, tracer } = status
  return renderPage(
    'amdahl_exporter',
    `<h1>amdahl_exporter</h1>
<p>Version ${escapeHtml(version)}. How much of each running service is parallel, and which lock limits it.</p>
<nav><ul>
${[telemetryPath, '/-/healthy', '/-/ready', TARGETS_PATH, OPENAPI_PATH, '/docs/readme'].map((path) => renderLink(path, prefix)).join('\n')}
</ul></nav>
<h2>State</h2>
<dl>
<dt>Ready</dt><dd>${status.ready ? 'yes' : `no: ${escapeHtml(status.reasons.join('; '))}`}</dd>
<dt>Tracer</dt><dd>${escapeHtml(describeTracer(tracer))}</dd>
<dt>CPUs (N)</dt><dd>${node.cpus ?? 'unknown'}</dd>
<dt>CPU utilization (U)</dt><dd>${node.utilizationRatio === undefined ? 'unknown' : ratio(node.utilizationRatio)}</dd>
</dl>
<h2>Targets</h2>
${targets.length === 0 ? '<p>None seen yet.</p>' : renderTargets(targets)}`,
  )
}

function renderLink(path: string, prefix: string): string {
  return `<li><a href="${escapeHtml(prefix + path)}">${escapeHtml(path)}</a></li>`
}

function describeTracer({ backend, state, reason }: StatusView['tracer']): string {
  if (backend === 'none' && state === 'running') {
    return `none: locks are not seen, and p is not known (${reason ?? '--tracer.backend=none'})`
  }
  return `${backend}: ${state}${reason === undefined ? '' : ` (${reason})`}`
}

function renderTargets(targets: readonly Target[]): string {
  return `<div class="wide"><table>
<thead><tr>
<th scope="col">Target</th>
<th scope="col">Parallel fraction p (95 % bounds)</th>
<th scope="col">Speed-up limit</th>
<th scope="col">Headroom</th>
<th scope="col">In use</th>
<th scope="col">Limited first by</th>
<th scope="col">Queue length Q</th>
<th scope="col">Regime</th>
<th scope="col">CPUs used (B)</th>
<th scope="col">CPUs (N)</th>
<th scope="col">Version</th>
<th scope="col">Last deploy</th>
</tr></thead>
<tbody>
${targets.map(renderTarget).join('\n')}
</tbody>
</table></div>`
}

function renderTarget(target: Target): string {
  const [fullest] = target.resources ?? []
  const cells = [
    `<td class="number">${escapeHtml(describeParallelFraction(target.parallelFraction.ownership))}</td>`,
    numberCell(target.speedupLimit, decimal),
    numberCell(target.headroomRatio, ratio),
    numberCell(fullest?.utilizationRatio, ratio),
    `<td>${escapeHtml(fullest?.name ?? '–')}</td>`,
    numberCell(target.queueLength, decimal),
    `<td>${escapeHtml(target.regime ?? '–')}</td>`,
    numberCell(target.busyCpus, decimal),
    numberCell(target.cpus, String),
    `<td>${escapeHtml(target.info.version ?? '–')}</td>`,
    `<td>${escapeHtml(target.deploy?.verdict ?? '–')}</td>`,
  ]
  return `<tr><th scope="row">${escapeHtml(target.name)}</th>${cells.join('')}</tr>`
}

function describeParallelFraction(p: EstimateAnswer): string {
  if ('reason' in p) {
    const isBounded = p.lower !== undefined && p.upper !== undefined
    return isBounded ? `${ratio(p.lower)}–${ratio(p.upper)}: ${p.reason}` : p.reason
  }
  return `${ratio(p.value)} (${ratio(p.lower)}–${ratio(p.upper)})`
}

function numberCell(value: number | undefined, describe: (value: number) => string): string {
  return `<td class="number">${value === undefined ? '–' : describe(value)}</td>`
}

function ratio(value: number): string {
  return value.toFixed(3)
}

function decimal(value: number): string {
  return value.toFixed(2)
}
