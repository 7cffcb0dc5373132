// What the road reads and what it comes to: the words of gateway/plan.ts.

import type { Endpoint } from '../balance/endpoint.ts'
import type { ForwardedClaims } from '../forward/headers.ts'
import type { Client, Peer, ProxyTrust } from '../identity/identify.ts'
import type { RateReader, RateVerdict } from '../limits/rate-limits.ts'
import type { Caller } from '../model/address-set.ts'
import type {
  AuthorityRecord,
  CertificateRecord,
  ChallengeRecord,
  CredentialRecord,
} from '../model/credential-records.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { RateLimit } from '../model/limits.ts'
import type { RouteRecord, Rule } from '../model/records.ts'
import type { ListVerdict } from '../policy/client-lists.ts'
import type { TlsIdentity } from '../wire/tls-identity.ts'
import type { AccessAnswer, AccessReader, AccessWait } from './access/access-check.ts'
import type { GivenAnswer } from './access/auth-call.ts'
import type { Identities, IdentityAnswer } from './backend-tls/identity-book.ts'
import type { ServiceTls } from './backend-tls/service-tls.ts'
import type { ExternalTarget } from './external-names.ts'
import type { TableService } from './table-service.ts'
import type { TokenAnswer, TokenQuestion, TokenVerdicts } from './tokens/token-check.ts'

/** A request's head, as any runtime can show it. */
export interface RequestHead {
  readonly method: string
  /** The request target as it came (RFC 9112 §3.2). */
  readonly target: string
  /** Every Host field; a request has exactly one. */
  readonly hosts: readonly string[]
  /** A field that came more than once though it has one value. Platforms of the web join them before anybody sees. */
  readonly repeats?: string | undefined
  /** A field's value by lower-case name; several are joined with `, `. */
  field(name: string): string | undefined
  /** All of them as they came, [name, value, …]. Absent: not known. */
  readonly fields?: readonly string[]
  /** Bytes of all fields. Absent: not known. */
  headerBytes?(): number
}

/** What a plan reads. A gateway that holds single hosts may not know of one yet. */
export interface PlanTable {
  /** Whose records they are; undefined where a gateway serves one cluster only. */
  readonly cluster: string | undefined
  /** Undefined: nothing is exposed there. */
  route(host: string): RouteRecord | 'unloaded' | undefined
  /** @param host the one whose route names the service */
  service(key: string, host: string): TableService | undefined
  /** @param host the one whose Service names the credential */
  credential(key: string, host: string): CredentialRecord | undefined
  /** What a certificate authority is answered that asks a host for a token. */
  challenge(host: string, token: string): ChallengeRecord | undefined
  /** Whether an address (normalised) is that of a Node that is known where the host is. */
  isNode(address: string, host: string): boolean
  certificate(key: string, host: string): CertificateRecord | undefined
  authority(key: string, host: string): AuthorityRecord | undefined
}

/** What the operator told this gateway. */
export interface RoadOptions extends ProxyTrust {
  /** `report`: everyone passes, and it is told whom they would have refused. */
  readonly networkPolicy: 'enforce' | 'report' | 'off'
  /** Where https is spoken besides port 443: where clients are sent who came to another port than 80. */
  readonly httpsPort?: number | undefined
}

/** Where a request has come on its road: filled from the top, so that a refusal still tells how far it was. */
export interface Passage {
  readonly client: Client
  /** Of the table; undefined where there is one only. */
  readonly cluster: string | undefined
  /** Hostname asked for, '' when there is none. */
  readonly host: string
  /** Path without query, in the form that was matched. */
  readonly path: string
  readonly route: { readonly host: string; readonly rule: Rule } | undefined
  /** NetworkPolicies refuse the client at every endpoint, and are only reported. */
  readonly isReported?: true
  /** Strict-Transport-Security for every answer; absent: none of ours. */
  readonly hsts?: string
}

export interface Reply {
  readonly type: 'reply'
  readonly error: ErrorCode
  readonly passage: Passage
  /** What the client is told besides, as [name, value, …]. */
  readonly fields?: readonly string[]
  /** Whom the Service asks about its clients, or the agent a certificate authority, answered this instead of us. */
  readonly given?: GivenAnswer
}

export interface Forward {
  readonly type: 'forward'
  readonly service: TableService
  /** The endpoints that this client may be sent to; never empty. */
  readonly candidates: readonly Endpoint[]
  /** Hash of the client, where the Service keeps each client at one endpoint. */
  readonly affinity: number | undefined
  readonly passage: Passage
  /** Path and query for the endpoint. */
  readonly path: string
  /** The authority as the client wrote it. */
  readonly authority: string
  /** What goes on as Host instead: the name of an ExternalName Service. */
  readonly hostRewrite: string | undefined
  /** What was cut off the path, for X-Forwarded-Prefix. */
  readonly strippedPrefix: string | undefined
  /** What is known of the client by its token, its key and by others, as fields; undefined where none of it goes on. */
  readonly claims: ForwardedClaims | undefined
  /** What goes on of the client's certificate, as [name, value, …]. */
  readonly clientCertificate: readonly string[] | undefined
  /** What the client is told beside the endpoint's answer, as [name, value, …]. */
  readonly answerFields: readonly string[]
  /** What goes on of Max-Forwards, where that counts (RFC 9110 §7.6.2). */
  readonly maxForwards: number | undefined
  /** On whose allowance it goes; undefined: no rate limit. */
  readonly rateKey: string | undefined
  /** Whom its endpoint must prove to be; undefined: it is spoken to in the clear. */
  readonly tls: TlsIdentity | undefined
}

/** Something must be known first: the shell finds it out, and plans again. */
export interface Wait {
  readonly type: 'wait'
  /** A name outside the cluster that has to be resolved, a host to be read from the registry, a token or another proof to be verified,
   * a certificate of ours to be opened. */
  readonly for:
    | { readonly type: 'name'; readonly name: string }
    | { readonly type: 'host'; readonly host: string }
    | { readonly type: 'token'; readonly question: TokenQuestion }
    | { readonly type: 'client-certificate'; readonly tls: ServiceTls }
    | AccessWait
  readonly passage: Passage
}

/** What the core decided for a request. */
export type Plan = Reply | Forward | Wait

/** How long ago the cluster was observed as it is held, where that is too long. */
export interface Staleness {
  readonly observedMsAgo: number
  readonly maxStaleMs: number
}

/** What counts against the limits of Services. */
export interface LimitReader {
  /** Requests of a service that are under way here. */
  underWay(service: string): number
  readonly rates: RateReader
}

/** What the road reads of the present, and only reads. */
export interface RoadState {
  /** Undefined: what is held of a host is new enough for addresses of Pods to be theirs still. */
  staleness(host: string): Staleness | undefined
  /** Where a name outside the cluster leads; undefined until that is known. */
  externalEndpoints(target: ExternalTarget): readonly Endpoint[] | undefined
  /** What is known of tokens. Absent: nothing, so that nobody who needs one comes in. */
  tokenVerdict?: TokenVerdicts
  /** Whom endpoints must prove to be. Absent: nothing is known of it, so that nobody is reached over TLS. */
  readonly identities?: Identities
  /** What is known of other proofs. Absent: nothing, so that nobody who needs one comes in. */
  readonly access?: AccessReader
  /** Absent: no request is carried out here, so that none counts. */
  readonly limits?: LimitReader
  /** For `explain`: what was wrong with the last answer for a name. Not known where the platform resolves it. */
  externalTroubles?(name: string): readonly string[]
}

/** What a request met on its road, for those who want to know: each step tells what was looked at and what came of it. */
export type Step =
  /** The table of another cluster is looked at from here on. */
  | { readonly step: 'cluster'; readonly cluster: string | undefined; readonly isLoaded: boolean }
  /** What the table that was looked at came to. */
  | { readonly step: 'answer'; readonly type: Plan['type'] }
  /** The cluster's answer does not count: the host is another namespace's. */
  | {
      readonly step: 'namespace'
      readonly cluster: string | undefined
      readonly host: string
      readonly namespace: string
      readonly owner: string
    }
  | { readonly step: 'client'; readonly client: Client; readonly peer: Peer }
  | { readonly step: 'method'; readonly method: string }
  | { readonly step: 'host'; readonly authority: string | undefined; readonly host: string | undefined }
  | { readonly step: 'route'; readonly host: string; readonly route: RouteRecord | undefined }
  | {
      readonly step: 'rule'
      readonly path: string
      readonly route: RouteRecord
      readonly rule: Rule | undefined
      /** A server behind may read the path as one of another rule. */
      readonly isAmbiguous: boolean
    }
  /** Told where there is something to look at. */
  | {
      readonly step: 'tls'
      readonly route: RouteRecord
      readonly peer: Peer
      readonly client: Client
      readonly error: ErrorCode | undefined
    }
  | { readonly step: 'challenge'; readonly host: string; readonly token: string }
  | { readonly step: 'service'; readonly rule: Rule; readonly service: TableService | undefined }
  | {
      readonly step: 'sources'
      readonly service: TableService
      readonly isAdmitted: boolean
      readonly caller: Caller | undefined
    }
  | { readonly step: 'lists'; readonly service: TableService; readonly verdict: ListVerdict }
  | { readonly step: 'size'; readonly service: TableService; readonly fault: ErrorCode | undefined }
  | { readonly step: 'token'; readonly service: TableService; readonly answer: TokenAnswer | undefined }
  | { readonly step: 'access'; readonly service: TableService; readonly answer: AccessAnswer }
  | { readonly step: 'pod'; readonly host: string; readonly service: TableService; readonly isKnown: boolean }
  | {
      readonly step: 'backend-tls'
      readonly service: TableService
      readonly tls: ServiceTls
      /** Undefined: something must be opened first. */
      readonly answer: IdentityAnswer | undefined
    }
  | ({ readonly step: 'freshness'; readonly service: TableService } & Staleness)
  | {
      readonly step: 'endpoints'
      readonly service: TableService
      readonly endpoints: readonly Endpoint[]
      /** Only the one that the host names was looked at. */
      readonly isByName: boolean
    }
  | {
      readonly step: 'concurrency'
      readonly service: TableService
      /** Undefined: not counted here. */
      readonly underWay: number | undefined
      readonly isAdmitted: boolean
    }
  | {
      readonly step: 'rate'
      readonly service: TableService
      readonly limit: RateLimit
      /** Undefined: not counted here. */
      readonly verdict: RateVerdict | undefined
    }
  | {
      readonly step: 'network-policy'
      readonly caller: Caller | undefined
      readonly service: TableService
      readonly endpoints: readonly Endpoint[]
      /** Those that admit the client. */
      readonly candidates: readonly Endpoint[]
    }
