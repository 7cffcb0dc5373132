import { expect, test } from 'vitest'
import { serviceYaml } from '../support/gateway.ts'
import { echo, startHttp } from '../support/http.ts'
import type { RunningShell, ShellCase } from './gateway-shell.ts'

/** Who may come, and how much. */
export function limitTests({ start, closers }: ShellCase): void {
  async function gatewayTo(
    annotations: Readonly<Record<string, string>>,
    listener: Parameters<typeof startHttp>[0] = echo,
  ): Promise<RunningShell> {
    const pod = await startHttp(listener)
    closers.push(pod.close)
    return start(serviceYaml({ endpoints: [pod.port], annotations }))
  }

  test.each([
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8' }, 200],
    [{ 'postern.dev/allow-cidrs': '203.0.113.0/24' }, 403],
    [{ 'postern.dev/deny-cidrs': '127.0.0.1' }, 403],
    [{ 'postern.dev/deny-cidrs': '::ffff:127.0.0.1' }, 403],
    [{ 'postern.dev/deny-cidrs': '203.0.113.0/24' }, 200],
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8', 'postern.dev/deny-cidrs': '127.0.0.1/32' }, 403],
    // Malformed, and empty: closed, whatever the other says.
    [{ 'postern.dev/allow-cidrs': '127.0.0.0/8', 'postern.dev/deny-cidrs': '127.0.0.1/33' }, 503],
    [{ 'postern.dev/allow-cidrs': '' }, 503],
  ])('allow and deny lists: %j is %i', async (annotations, status) => {
    const gateway = await gatewayTo(annotations)
    expect((await gateway.send()).status).toBe(status)
    // Who is no trusted proxy cannot say that it is somebody else.
    const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
    expect((await gateway.send({ headers })).status).toBe(status)
  })
}
