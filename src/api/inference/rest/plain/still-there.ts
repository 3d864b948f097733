import type { Socket } from 'node:net';

/** Milliseconds between questions; the kernel tells of a reset only to the write after the one that met it. */
const PAUSES_MS = [50, 500, 5000];
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n';

/**
 * Finds out whether a client that has half-closed its HTTP/1.1 connection still waits for an answer: an interim answer is
 * ignored by one that does, and meets a reset from one that has left, which ends the socket. Asks while `waits`.
 */
export function askWhetherThere(socket: Socket, waits: () => boolean, asked = 0): void {
  if (socket.destroyed || !waits()) return;
  socket.write(INTERIM);
  const pauseMs = PAUSES_MS[asked];
  if (pauseMs === undefined) return;
  const timer = setTimeout(() => askWhetherThere(socket, waits, asked + 1), pauseMs);
  socket.once('close', () => clearTimeout(timer));
}
