import { BlockList, isIP, type Server } from 'node:net';
import { hostname } from 'node:os';
import { LeptonError } from '../../../core/index.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Throws INVALID_ARGUMENT for a `Host` that is somebody else's. */
export type HostCheck = (host: string | undefined) => void;

/**
 * Against DNS rebinding: a web page whose name is made to point at 127.0.0.1 could talk, as its own origin, to a server that
 * relies on being reachable from this machine only. So a server that listens on loopback answers to loopback's names, to this
 * machine's and to IP addresses, which no page can make its own. Elsewhere the names of a server are not ours to know.
 */
export function hostCheck(server: Server): HostCheck {
  let loopback = false;
  let accepted: string | undefined;
  server.on('listening', () => {
    loopback = listensOnLoopback(server);
  });
  return (host) => {
    // One comparison for clients that always send the same.
    if (!loopback || host === undefined || host === accepted) return;
    if (!isOurs(nameOf(host))) throw new LeptonError('INVALID_ARGUMENT', `this server listens on loopback and is not '${host.slice(0, 200)}'; ask for localhost or an IP address, or let the proxy in front send such a Host`);
    accepted = host;
  };
}

function listensOnLoopback(server: Server): boolean {
  const address = server.address();
  return typeof address === 'object' && address !== null && LOOPBACK.check(address.address, address.family === 'IPv6' ? 'ipv6' : 'ipv4');
}

/** Without port, brackets and the root's dot. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(host);
  return bracketed ? (bracketed[1] as string) : host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

/** `.localhost` (RFC 6761) and `.internal` (reserved by ICANN; containers call their host so) are in nobody's public DNS. */
function isOurs(name: string): boolean {
  return isIP(name) !== 0 || /(^|\.)localhost$/.test(name) || name.endsWith('.internal') || name === hostname().toLowerCase();
}
