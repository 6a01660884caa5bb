import { mkdirSync, writeFileSync } from 'node:fs'
import { freePort } from '../../../e2e/support/free-port.js'
import type { Launch, Running } from '../row.js'
import { launch, listens, underLoad } from './service.js'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

export async function startNginx(row: Launch): Promise<Running> {
  const { folder } = row
  const port = await freePort()
  mkdirSync(`${folder}/temporary`)
  const paths = TEMPORARY.map((name) => `  ${name}_temp_path ${folder}/temporary/${name};`)
  const config = `${folder}/nginx.conf`
  writeFileSync(
    config,
    `daemon off;
user www-data;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 256; }
http {
  access_log off;
${paths.join('\n')}
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "ok"; }
  }
}
`,
  )
  const server = launch(row, ['nginx', '-c', config])
  await listens(server, port)
  const load = launch(row, ['wrk', '-t1', '-c32', '-d3600s', `http://127.0.0.1:${port}/`])
  return underLoad(server, [load])
}
