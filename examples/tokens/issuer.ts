// An issuer of tokens for trying things out: prints a token that holds for an hour, and serves its key on this machine.
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const { publicKey, privateKey } = await generateKeyPair('ES256')
const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'demo', alg: 'ES256', use: 'sig' }] }
createServer((_request, response) => void response.end(JSON.stringify(keys))).listen(9400, '127.0.0.1')

const token = await new SignJWT({ scope: 'orders:read' })
  .setProtectedHeader({ alg: 'ES256', kid: 'demo' })
  .setIssuer('http://127.0.0.1:9400')
  .setAudience('orders')
  .setSubject('alice')
  .setExpirationTime('1h')
  .sign(privateKey)
console.log(token)
