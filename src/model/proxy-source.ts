/**
 * Whom a proxy speaks for by the PROXY protocol. `itself`: a health check of its own, or what it cannot tell, for which
 * the specification has the connection's own address used. `no-address`: a process on its own machine.
 */
export type ProxySource =
  | { readonly type: 'client'; readonly address: string }
  | { readonly type: 'itself' }
  | { readonly type: 'no-address' }
