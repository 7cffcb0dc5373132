import ipaddr from 'ipaddr.js'

/** The first and last address of a block and its neighbours outside, IPv4 also as IPv6 sockets show it. */
export function edgesOf(cidr: string): string[] {
  const [text = '', bits = ''] = cidr.split('/')
  const bytes = ipaddr.parse(text).toByteArray()
  const size = BigInt(bytes.length * 8)
  const host = (1n << (size - BigInt(bits))) - 1n
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const [first, last] = [value & ~host, value | host]
  const most = (1n << size) - 1n
  const found = [first, last, first - 1n, last + 1n, value].filter((each) => each >= 0n && each <= most)
  const texts = found.map((each) => textOf(each, bytes.length))
  const [first4] = texts
  return bytes.length === 4 ? [...texts, `::ffff:${first4}`] : texts
}

function textOf(value: bigint, length: number): string {
  const bytes = Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn))
  return ipaddr.fromByteArray(bytes).toString()
}
