import type { SecureContextOptions } from 'node:tls'
import type { TlsConfig } from './web-config.js'

/** Node.js takes the suites of TLS 1.3 from the same list. */
const TLS_1_3_CIPHERS = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256']
/** Default of Node.js and more than Go's: forward secrecy, no CBC but for the old. */
const TLS_1_2_CIPHERS = ['ECDHE+AESGCM', 'ECDHE+CHACHA20', 'ECDHE+AES']

/** What a TLS configuration is for OpenSSL. */
export function secureContextOptions(config: TlsConfig): SecureContextOptions {
  const ciphers = [...TLS_1_3_CIPHERS, ...(config.ciphers ?? TLS_1_2_CIPHERS)]
  // OpenSSL 3 has no cipher for TLS 1.0 and 1.1 above level 0: SSL_CTX_set_security_level(3).
  if (config.minVersion < 'TLSv1.2') ciphers.push('@SECLEVEL=0')
  return {
    cert: config.certificate,
    key: config.key,
    ca: config.clientAuthorities,
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ciphers: ciphers.join(':'),
    honorCipherOrder: config.prefersOwnCiphers,
    ecdhCurve: config.curves?.join(':') ?? 'auto',
  }
}
