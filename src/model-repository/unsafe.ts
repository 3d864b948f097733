/** Files that would run code when they are loaded: refused, or taken on an explicit word that is kept. */
import { ALLOW_UNSAFE_KEY, LeptonError } from '../core/index.ts';
import { announce, type RepositoryContext } from './context.ts';
import type { PublishInput, UnsafeFinding } from './types.ts';

const REASON_LENGTH_MAX = 500;
const FINDINGS_SHOWN = 5;

interface Subject {
  readonly repository: string;
  readonly version: string;
  readonly by: string;
  readonly allowUnsafe: string | undefined;
}

/** The reason that was given, trimmed; undefined: none. Throws INVALID_ARGUMENT for one that says nothing. */
export function checkAllowUnsafe({ allowUnsafe, metadata }: PublishInput): string | undefined {
  if (metadata && Object.hasOwn(metadata, ALLOW_UNSAFE_KEY)) throw new LeptonError('INVALID_ARGUMENT', `metadata must not have the key ${ALLOW_UNSAFE_KEY}: it is written when a push is allowed with a reason`);
  if (allowUnsafe === undefined) return undefined;
  const reason = typeof allowUnsafe === 'string' ? allowUnsafe.trim() : '';
  if (reason === '' || reason.length > REASON_LENGTH_MAX) throw new LeptonError('INVALID_ARGUMENT', `allowUnsafe ${JSON.stringify(allowUnsafe)?.slice(0, 100)} must be the reason, in 1 to ${REASON_LENGTH_MAX} characters`);
  return reason;
}

/** Throws MODEL_UNSAFE, and tells, if there is any finding. */
export function refuseUnsafe(context: RepositoryContext, { repository, version, by }: Subject, findings: readonly UnsafeFinding[]): void {
  if (!findings.length) return;
  const message = `files of ${repository}:${version} would run code when they are loaded: ${listed(findings)}`;
  context.events.record({ severity: 'warning', reason: 'UnsafeModelRefused', message, actor: by, repository, version });
  throw new LeptonError('MODEL_UNSAFE', `${message}. If you trust them, say why: push --allow-unsafe REASON`, { details: { findings: findings.slice(0, 100) } });
}

export function announceAllowed(context: RepositoryContext, { repository, version, by, allowUnsafe }: Subject, findings: readonly UnsafeFinding[]): void {
  const found = findings.length ? `although its files would run code when they are loaded (${listed(findings)})` : 'and nothing unsafe was found';
  announce(context, { severity: 'warning', reason: 'UnsafeModelAllowed', message: `${repository}:${version} was taken as allowed, ${found}; reason given: ${allowUnsafe}`, actor: by, repository, version });
}

function listed(findings: readonly UnsafeFinding[]): string {
  // The worst first.
  const ordered = [...findings].sort((a, b) => Number(b.severity === 'dangerous') - Number(a.severity === 'dangerous'));
  const shown = ordered.slice(0, FINDINGS_SHOWN).map(({ file, global, severity, message }) => `${file} (${severity}${global === null ? '' : ` ${global}`}: ${message})`);
  return `${shown.join(', ')}${findings.length > FINDINGS_SHOWN ? ` and ${findings.length - FINDINGS_SHOWN} more` : ''}`;
}
