import { createServer } from 'node:net';

export interface Addresses {
  readonly http: string;
  readonly grpc: string;
}

/** The preferred addresses, each with another port where it is taken. */
export async function freeAddresses({ http, grpc }: Addresses): Promise<Addresses> {
  return { http: await freeAddress(http), grpc: grpc === 'off' ? grpc : await freeAddress(grpc) };
}

async function freeAddress(address: string): Promise<string> {
  const at = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, at), Number(address.slice(at + 1))];
  return `${host}:${(await portOf(host, port)) ?? (await portOf(host, 0)) ?? 0}`;
}

/** The port that could be listened on a moment ago; null: taken. */
function portOf(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' ? (bound?.port ?? null) : null));
    });
  });
}
