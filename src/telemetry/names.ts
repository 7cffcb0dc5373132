import {
  ATTR_CLIENT_ADDRESS,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions'

/** Attributes of spans and metrics. The k8s ones are not stable in the conventions, so they are spelt out. */
export const attribute = {
  clientAddress: ATTR_CLIENT_ADDRESS,
  errorType: ATTR_ERROR_TYPE,
  /** Of the conventions too, but not stable. */
  errorMessage: 'error.message',
  method: ATTR_HTTP_REQUEST_METHOD,
  methodOriginal: ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  resendCount: ATTR_HTTP_REQUEST_RESEND_COUNT,
  status: ATTR_HTTP_RESPONSE_STATUS_CODE,
  route: ATTR_HTTP_ROUTE,
  peerAddress: ATTR_NETWORK_PEER_ADDRESS,
  protocolVersion: ATTR_NETWORK_PROTOCOL_VERSION,
  serverAddress: ATTR_SERVER_ADDRESS,
  serverPort: ATTR_SERVER_PORT,
  path: ATTR_URL_PATH,
  scheme: ATTR_URL_SCHEME,
  userAgent: ATTR_USER_AGENT_ORIGINAL,
  tlsVersion: 'tls.protocol.version',
  tlsCipher: 'tls.cipher',
  tlsResumed: 'tls.resumed',
  cluster: 'k8s.cluster.name',
  namespace: 'k8s.namespace.name',
  service: 'k8s.service.name',
  secret: 'k8s.secret.name',
  pod: 'k8s.pod.name',
  node: 'k8s.node.name',
  requestId: 'postern.request.id',
  routeHost: 'postern.route.host',
  reported: 'postern.network_policy.reported',
  outcome: 'postern.attempt.outcome',
  syncStage: 'postern.sync.stage',
  syncRecords: 'postern.sync.records',
} as const

/** Names of metrics. */
export const metric = {
  requestDuration: METRIC_HTTP_SERVER_REQUEST_DURATION,
  activeRequests: 'http.server.active_requests',
  attempts: 'postern.attempts',
  accessLogDropped: 'postern.access_log.dropped',
  leader: 'postern.agent.leader',
  agentSigned: 'postern.agent.signed',
  publishes: 'postern.agent.publishes',
  publishedRecords: 'postern.agent.published_records',
  observationAge: 'postern.agent.observation_age',
  gatewayObservationAge: 'postern.gateway.observation_age',
  gatewayStale: 'postern.gateway.stale',
  gatewaySigned: 'postern.gateway.signed',
  gatewayFromDisk: 'postern.gateway.from_disk',
  gatewayConnections: 'postern.gateway.connections',
  gatewayConnectionsRefused: 'postern.gateway.connections_refused',
  certificateNotAfter: 'postern.certificate.not_after',
  tlsHandshakes: 'postern.tls.handshakes',
  tlsHandshakeFailures: 'postern.tls.handshake_failures',
  diskWrites: 'postern.gateway.disk_writes',
  diskCopyAge: 'postern.gateway.disk_copy_age',
  workersWanted: 'postern.workers.wanted',
  workersServing: 'postern.workers.serving',
  workersRestarts: 'postern.workers.restarts',
  syncDuration: 'postern.sync.duration',
  triggerLag: 'postern.agent.trigger_lag',
  eventsWaiting: 'postern.agent.events_waiting',
  relayRequests: 'postern.relay.requests',
  relayFollowers: 'postern.relay.followers',
  relayFollowerEndings: 'postern.relay.follower_endings',
  relayObservationAge: 'postern.relay.observation_age',
} as const

/** Boundaries in seconds that the conventions advise for request durations. */
export const DURATION_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** Boundaries in seconds for how far a gateway is behind its cluster: from the agent's hold-off to a registry that was away. */
export const SYNC_BUCKETS_S = [
  0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
]

/** Boundaries in seconds of what is told in whole seconds. */
export const TRIGGER_BUCKETS_S = [1, 2, 3, 5, 10, 30, 60, 300]
