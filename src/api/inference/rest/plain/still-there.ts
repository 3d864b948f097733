import type { Socket } from 'node:net';

/** Milliseconds between questions; the kernel tells of a reset only to the write after the one that met it. */
const PAUSES_MS = [50, 500, 5000];

/**
 * Finds out whether a client that has half-closed its HTTP/1.1 connection still waits for an answer: an interim answer is
 * ignored by one that does, and meets a reset from one that has left, which ends the socket. `ask` sends one; asks while `waits`.
 */
export function askWhetherThere(socket: Socket, ask: () => void, waits: () => boolean, asked = 0): void {
  if (socket.destroyed || !waits()) return;
  ask();
  const pauseMs = PAUSES_MS[asked];
  if (pauseMs === undefined) return;
  setTimeout(() => askWhetherThere(socket, ask, waits, asked + 1), pauseMs).unref();
}
