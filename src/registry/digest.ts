/** SHA-256. A parameter, since every runtime has a faster one than can be written in script, and none has the same. */
export type Digest = (bytes: Uint8Array) => Uint8Array
