import { parseAddress } from './address-values.ts'
import { flag, optionalFlag, secretFlag } from './flag.ts'
import { parseHttpUrl, parseMillis, parseRatio, parseText } from './values.ts'
import { parseWorkerCount } from './worker-count.ts'

/** What a process is: where it listens, what it tells, how it ends. */
export const processFlags = {
  listen: flag('listen', 'HOST:PORT', '127.0.0.1:8080', 'where clients are answered', parseAddress),
  console: flag(
    'console',
    'HOST:PORT',
    '127.0.0.1:9080',
    "the operator's port: health, metrics, status",
    parseAddress,
  ),
  consoleToken: secretFlag(
    'console-token',
    'TOKEN,…|@FILE',
    'opens the API of that port; without one only this machine may use it',
  ),
  workers: flag(
    'workers',
    'N|auto',
    '1',
    'processes that share --listen; auto: one for each CPU that may be used here',
    parseWorkerCount,
  ),
  accessLog: flag('access-log', 'stdout|off|FILE', 'stdout', 'where one JSON line a request goes', parseText),
  otlpEndpoint: optionalFlag(
    'otlp-endpoint',
    'URL',
    ['POSTERN_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    'OTLP/HTTP collector of traces and metrics',
    parseHttpUrl,
  ),
  traceRatio: flag('trace-ratio', '0…1', '0.01', 'share of traces that are kept', parseRatio),
  stateDir: optionalFlag(
    'state-dir',
    'DIR',
    ['POSTERN_STATE_DIR'],
    'where the last good records are kept, to start from while the registry is away',
    parseText,
  ),
  drainDelayMs: flag(
    'drain-delay',
    'DURATION',
    '0s',
    'unready, but still accepting, before the drain',
    parseMillis,
  ),
  drainTimeoutMs: flag(
    'drain-timeout',
    'DURATION',
    '30s',
    'for requests under way when stopping',
    parseMillis,
  ),
} as const
