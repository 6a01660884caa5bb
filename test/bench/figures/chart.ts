import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** One theme for all figures: readable at the width of a page, and told apart without colours. */
const CONFIG: NonNullable<TopLevelSpec['config']> = {
  background: 'white',
  font: 'sans-serif',
  axis: { labelFontSize: 12, titleFontSize: 13, gridColor: '#e5e5e5' },
  header: { labelFontSize: 13, titleFontSize: 13 },
  legend: { labelFontSize: 12, titleFontSize: 12, symbolSize: 80, orient: 'top' },
  title: { fontSize: 14, anchor: 'start' },
  // Okabe and Ito: also for the colour-blind.
  range: { category: ['#0072b2', '#d55e00', '#009e73', '#cc79a7'] },
}

export const WIDTH = 520
export const HEIGHT = 320

/** The chart as SVG. */
export async function drawChart(spec: TopLevelSpec): Promise<string> {
  const compiled = compile({ ...spec, config: CONFIG }).spec
  const view = new View(parse(compiled), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
