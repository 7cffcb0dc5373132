/** Where the gateway answers; straight to a server it is a name like any other. */
export const HOST = 'web.shop.example.test'

/** Why a test has not passed; undefined when it has. */
export type Outcome = string | undefined

/** By the test's name. */
export type Outcomes = ReadonlyMap<string, Outcome>
