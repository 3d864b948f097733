import { userInfo } from 'node:os';

/** This process's environment, for `loadConfig`; only this folder reads it. */
export const processEnvironment = (): Readonly<Record<string, string | undefined>> => process.env;

/** Server and user of the command line: flag, then environment. Without a URL the local platform is meant. */
export function clientConfig(flags: { readonly url?: string | undefined; readonly user?: string | undefined }): { readonly url: string | undefined; readonly user: string } {
  return { url: flags.url ?? (process.env.LEPTON_URL || undefined), user: flags.user ?? (process.env.LEPTON_USER || loginName()) };
}

function loginName(): string {
  try {
    return userInfo().username.replace(/[^\x21-\x7e]/g, '_').slice(0, 128) || 'anonymous';
  } catch {
    // No entry in the user database, as in some containers.
    return 'anonymous';
  }
}

/** Whether colours are unwanted, by the convention of no-color.org, and for terminals that have none. */
export const coloursUnwanted = (): boolean => Boolean(process.env.NO_COLOR) || process.env.TERM === 'dumb';
