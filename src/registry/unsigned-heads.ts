import { type Head, type HeadReader, parseStatement, refuseHead, requireCluster, trust } from './head.ts'
import { openEnvelope } from './jws.ts'

/**
 * Takes heads as they come, signed or not, and looks at no signature: for a registry of this process, for development,
 * and for a relay that only passes them on to those who look.
 */
export const anyHeads: HeadReader = {
  async read(text, cluster, where): Promise<Head> {
    const payload = text === undefined || text.startsWith('{') ? text : openEnvelope(text)?.payload
    const statement = payload === undefined ? undefined : parseStatement(payload)
    if (text === undefined || statement === undefined) throw refuseHead(cluster, where, 'it is no head')
    requireCluster(statement, cluster, where)
    return trust(statement, text)
  },
}
