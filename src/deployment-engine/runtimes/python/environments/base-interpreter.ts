import { programsOnPath } from '../../../../config/index.ts';
import { asLeptonError, LeptonError } from '../../../../core/index.ts';
import { identify } from './inspect-interpreter.ts';

/** What an environment is made with: `uv` with or without an interpreter of its own finding, or an interpreter's own venv and pip. */
export type Builder = { readonly kind: 'uv'; readonly uv: string; readonly python: string } | { readonly kind: 'venv'; readonly python: string };

/**
 * Finds what can make an environment of a minor version: the interpreter of that version on the PATH, then the registered
 * one, then whatever uv finds or fetches. UNSUPPORTED, naming everything that was looked at, if there is none.
 */
export async function findBuilder(python: string, registered: string | null, signal: AbortSignal): Promise<Builder> {
  const [uv] = programsOnPath('uv');
  const candidates = [...programsOnPath(`python${python}`), ...(registered === null ? [] : [registered]), ...programsOnPath('python3'), ...programsOnPath('python')];
  const refused: string[] = [];
  for (const candidate of new Set(candidates)) {
    const problem = await problemOf(candidate, python, uv !== undefined, signal);
    if (problem === null) return uv === undefined ? { kind: 'venv', python: candidate } : { kind: 'uv', uv, python: candidate };
    refused.push(`${candidate} (${problem})`);
  }
  if (uv !== undefined) return { kind: 'uv', uv, python };
  const looked = refused.length ? refused.join(', ') : `python${python}, python3 and python on the PATH, of which there is none`;
  throw new LeptonError('UNSUPPORTED', `there is no Python ${python} here to make the environment with; looked at ${looked}; and for uv on the PATH, which is not there. Install Python ${python} with venv, or uv`);
}

async function problemOf(candidate: string, python: string, withUv: boolean, signal: AbortSignal): Promise<string | null> {
  try {
    const facts = await identify(candidate, signal);
    if (facts.python !== python) return `is Python ${facts.python}`;
    return withUv || facts.venv ? null : `has no venv and ensurepip; on Debian: apt install python${python}-venv`;
  } catch (error) {
    signal.throwIfAborted();
    return asLeptonError(error).message.slice(0, 300);
  }
}
