import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from '@node-rs/bcrypt'
import { expect, test } from 'vitest'
import { writeCertificates } from '../support/certificates.js'
import { startExporter } from './support/exporter.js'
import { stop, until } from './support/process.js'
import { startPrometheus } from './support/prometheus.js'
import { needs } from './support/requirements.js'

test.skipIf(!needs('prometheus', 'openssl'))(
  'Prometheus scrapes by TLS, with a certificate and a user',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'amdahl-web-'))
    writeCertificates(folder)
    const web = join(folder, 'web.yml')
    writeFileSync(
      web,
      `tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
basic_auth_users: {prometheus: "${hashSync('secret', 10)}"}
`,
    )
    const exporter = await startExporter(['--tracer.backend=none', `--web.config.file=${web}`])
    const at = (name: string) => join(folder, name)
    const prometheus = await startPrometheus([exporter.url.replace('http://', '')], {
      scrape: {
        scheme: 'https',
        tls_config: {
          ca_file: at('ca.pem'),
          cert_file: at('client.pem'),
          key_file: at('client.key'),
          server_name: 'localhost',
        },
        basic_auth: { username: 'prometheus', password: 'secret' },
      },
    })
    try {
      await until('it is scraped', 30, async () => (await prometheus.query('up')) === 1)
      expect(await prometheus.query('scrape_samples_scraped')).toBeGreaterThan(20)
      // Without any of it there is nothing.
      await expect(fetch(exporter.url)).rejects.toThrow()
    } finally {
      await prometheus.stop()
      await stop(exporter.child)
      rmSync(folder, { recursive: true })
    }
  },
)
