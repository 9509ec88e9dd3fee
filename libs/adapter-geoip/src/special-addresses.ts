// Addresses of special use: they are in every house, and no database can say where.
import { RangeSet, parseRanges } from './range-set.js';

/**
 * From the registries of RFC 6890: this host, private, shared (RFC 6598), loopback, link-local,
 * documentation, benchmarking, multicast, reserved; of IPv6 all but global unicast (2000::/3), and what is
 * special in there.
 */
export const specialAddresses = new RangeSet(
  parseRanges(`
    0.0.0.0/8
    10.0.0.0/8
    100.64.0.0/10
    127.0.0.0/8
    169.254.0.0/16
    172.16.0.0/12
    192.0.0.0/24
    192.0.2.0/24
    192.168.0.0/16
    198.18.0.0/15
    198.51.100.0/24
    203.0.113.0/24
    224.0.0.0/3
    ::/3
    2001::/23
    2001:db8::/32
    3fff::/20
    4000::/2
    8000::/1
  `),
);
