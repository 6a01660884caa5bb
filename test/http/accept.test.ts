import { expect, test } from 'vitest'
import { negotiateFormat } from '../../src/http/accept.js'

test.each([
  ['no header', undefined, 'text'],
  ['curl', '*/*', 'text'],
  [
    'Prometheus 2.42',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
  ],
  ['no version', 'application/openmetrics-text', 'openmetrics'],
  ['capitals, blanks and quotes', 'Application/OpenMetrics-Text ; Version="1.0.0"', 'openmetrics'],
  ['text preferred', 'application/openmetrics-text;q=0.4, text/plain;q=0.5', 'text'],
  ['OpenMetrics forbidden', 'application/openmetrics-text;q=0, */*', 'text'],
  ['a version that is not served', 'application/openmetrics-text;version=0.0.1', 'text'],
  ['a quality that is none', 'application/openmetrics-text;q=high', 'text'],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['noise', ';;,,=;q', 'text'],
])('%s', (_, accept, format) => {
  expect(negotiateFormat(accept)).toBe(format)
})
