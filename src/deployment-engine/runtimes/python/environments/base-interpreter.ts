import { programsOnPath } from '../../../../config/index.ts';
import { asLeptonError, LeptonError } from '../../../../core/index.ts';
import { identify, type InterpreterFacts } from './inspect-interpreter.ts';

/** What an environment is made with: `uv` with or without an interpreter of its own finding, or an interpreter's own venv and pip. */
export type Builder = { readonly kind: 'uv'; readonly uv: string; readonly python: string } | { readonly kind: 'venv'; readonly python: string };

/**
 * Finds what can make an environment of a minor version, best first: uv where it is, else venv and pip; with the interpreter of
 * that version on the PATH, then the registered one, then whatever uv finds or fetches. UNSUPPORTED, naming everything that was
 * looked at, if there is none.
 */
export async function findBuilders(python: string, registered: string | null, signal: AbortSignal): Promise<readonly Builder[]> {
  const [uv] = programsOnPath('uv');
  const candidates = [...programsOnPath(`python${python}`), ...(registered === null ? [] : [registered]), ...programsOnPath('python3'), ...programsOnPath('python')];
  const refused: string[] = [];
  for (const candidate of new Set(candidates)) {
    const found = await look(candidate, python, signal);
    if (typeof found !== 'string' && (found.venv || uv !== undefined)) return [...withUv(uv, candidate), ...(found.venv ? [{ kind: 'venv' as const, python: candidate }] : [])];
    refused.push(`${candidate} (${typeof found === 'string' ? found : `has no venv and ensurepip; on Debian: apt install python${python}-venv`})`);
  }
  if (uv !== undefined) return withUv(uv, python);
  const looked = refused.length ? refused.join(', ') : `python${python}, python3 and python on the PATH, of which there is none`;
  throw new LeptonError('UNSUPPORTED', `there is no Python ${python} here to make the environment with; looked at ${looked}; and for uv on the PATH, which is not there. Install Python ${python} with venv, or uv`);
}

const withUv = (uv: string | undefined, python: string): Builder[] => (uv === undefined ? [] : [{ kind: 'uv', uv, python }]);

/** What it is, or why it is of no use. */
async function look(candidate: string, python: string, signal: AbortSignal): Promise<InterpreterFacts | string> {
  try {
    const facts = await identify(candidate, signal);
    return facts.python === python ? facts : `is Python ${facts.python}`;
  } catch (error) {
    signal.throwIfAborted();
    return asLeptonError(error).message.slice(0, 300);
  }
}
