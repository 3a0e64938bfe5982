import { BlockList } from 'node:net'
import { expect, test } from 'vitest'
import { findClientAddress } from '../../src/http/steps/resolve-address.js'

const proxies = new BlockList()
proxies.addSubnet('10.0.0.0', 8)
proxies.addAddress('::1', 'ipv6')

test.each([
  ['without a proxy, the peer', '192.0.2.7', undefined, '192.0.2.7'],
  ['a header from a stranger is not believed', '192.0.2.7', '203.0.113.9', '192.0.2.7'],
  ['a trusted proxy names the client', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['an invented hop in front of the real one is not believed', '10.0.0.1', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
  ['a chain of trusted proxies is walked', '10.0.0.1', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['IPv4 through an IPv6 socket is the same proxy', '::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['garbage stops the walk', '10.0.0.1', '203.0.113.9, <script>', '10.0.0.1'],
  ['an IPv6 proxy counts too', '::1', '2001:db8::5', '2001:db8::5'],
])('%s', (_what, peer, forwarded, client) => {
  expect(findClientAddress(peer, forwarded, proxies)).toBe(client)
})
