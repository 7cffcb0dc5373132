import type { AccessReader, AccessWait, KeyVerdict } from './access-check.ts'
import type { AuthBook } from './auth-book.ts'
import type { Credential, CredentialBook } from './credential-book.ts'
import type { PasswordBook } from './password-book.ts'

export interface AccessBooks {
  readonly credentials: CredentialBook
  readonly passwords: PasswordBook
  readonly calls: AuthBook
}

/** Finds out whether clients may come in, for the road to read. */
export interface AccessFinder {
  /** Resolves once it is known. Never rejects. @returns `checks-busy` when there was no turn for it */
  find(wait: AccessWait, client: string): Promise<'checks-busy' | undefined>
}

/** All that is known of the proofs of clients, beside their tokens. */
export class AccessBook implements AccessReader, AccessFinder {
  readonly #books: AccessBooks

  constructor(books: AccessBooks) {
    this.#books = books
  }

  apiKey(credential: Credential, apiKey: string): KeyVerdict | undefined {
    const opened = this.#books.credentials.peek(credential)
    if (opened === undefined) return undefined
    if (opened.type !== 'api-keys') return { type: 'refused', error: 'credential-missing' }
    const id = this.#books.credentials.idOf(opened, apiKey)
    return id === undefined ? { type: 'refused', error: 'key-invalid' } : { type: 'admitted', id }
  }

  password(...question: Parameters<PasswordBook['verdict']>): ReturnType<PasswordBook['verdict']> {
    return this.#books.passwords.verdict(...question)
  }

  authCall(ask: Parameters<AuthBook['verdict']>[0]): ReturnType<AuthBook['verdict']> {
    return this.#books.calls.verdict(ask)
  }

  async find(wait: AccessWait, client: string): Promise<'checks-busy' | undefined> {
    switch (wait.type) {
      case 'credential':
        await this.#books.credentials.open(wait.credential)
        return undefined
      case 'password':
        return await this.#books.passwords.check(wait.credential, wait.user, client)
      case 'auth-call':
        return await this.#books.calls.ask(wait.ask, client)
    }
  }
}
