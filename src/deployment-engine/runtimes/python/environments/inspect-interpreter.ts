import { childEnvironment } from '../../../../config/index.ts';
import { type EnvironmentSpec, LeptonError } from '../../../../core/index.ts';
import { runProgram } from './run-program.ts';

/** Longest look at an interpreter: a cold disk and a busy machine. */
const LOOK_TIMEOUT_MS = 60_000;

/**
 * Prints which of the pins given on the command line are not installed as pinned. A pin without a local version (`+cpu`) accepts
 * any, and trailing zeros say nothing, as in PEP 440. numpy is the worker's own need. Then where it reads modules from.
 */
const LOOK = `
import glob, json, os, re, site, sys
from importlib import metadata, util
from urllib import parse
spec = json.loads(sys.argv[1])
def plain(version, with_local):
    public, _, local = version.lower().partition("+")
    public = re.sub(r"(\\.0+)+$", "", public)
    return (public, local) if with_local else public
missing = []
for pin in spec["requirements"]:
    name, _, wanted = pin.partition("==")
    try:
        found = metadata.version(name.partition("[")[0])
    except metadata.PackageNotFoundError:
        missing.append(pin + " is not installed")
        continue
    local = "+" in wanted
    if plain(found, local) != plain(wanted, local):
        missing.append(pin + " is wanted, " + found + " is installed")
if util.find_spec("numpy") is None:
    missing.append("numpy, which the worker needs, is not installed")
minor = "%d.%d" % sys.version_info[:2]
if minor != spec["python"]:
    missing.insert(0, "it is Python " + minor + ", not " + spec["python"])
def editables():
    for folder in sys.path:
        for record in glob.glob(glob.escape(folder) + "/*.dist-info/direct_url.json"):
            try:
                with open(record) as file:
                    origin = json.load(file)
            except (OSError, ValueError):
                continue
            if origin.get("dir_info", {}).get("editable") and origin["url"].startswith("file://"):
                yield parse.unquote(origin["url"][7:])
places = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.path.realpath(sys.executable)), *sys.path, *editables()]
print(json.dumps({"missing": missing, "places": sorted({os.path.abspath(place) for place in places if place}), "userBase": site.getuserbase()}))
`;

/** Prints the minor version, and whether environments can be made with it. */
const IDENTIFY = `
import json, sys
from importlib import util
print(json.dumps({"python": "%d.%d" % sys.version_info[:2], "venv": util.find_spec("venv") is not None and util.find_spec("ensurepip") is not None}))
`;

export interface InterpreterLook {
  /** What it lacks for the environment, in words; empty: nothing. */
  readonly missing: readonly string[];
  /** Directories that it is made of and imports from. */
  readonly places: readonly string[];
  /** Above the packages of its user (PYTHONUSERBASE). */
  readonly userBase: string;
}

/** Rejects with UNSUPPORTED when it does not run. */
export async function lookAt(interpreter: string, spec: EnvironmentSpec, signal: AbortSignal): Promise<InterpreterLook> {
  return ask(interpreter, ['-c', LOOK, JSON.stringify(spec)], signal);
}

export interface InterpreterFacts {
  /** `3.11` */
  readonly python: string;
  /** Whether it has the modules that make environments. */
  readonly venv: boolean;
}

/** Rejects with UNSUPPORTED when it is no Python or does not run. */
export async function identify(interpreter: string, signal: AbortSignal): Promise<InterpreterFacts> {
  return ask(interpreter, ['-c', IDENTIFY], signal);
}

async function ask<T>(interpreter: string, args: readonly string[], signal: AbortSignal): Promise<T> {
  const timeout = AbortSignal.timeout(LOOK_TIMEOUT_MS);
  const { code, killedBy, stdout, tail } = await runProgram({ file: interpreter, args, env: childEnvironment({ PYTHONSAFEPATH: '1' }), signal: AbortSignal.any([signal, timeout]) }).catch((error: unknown) => {
    if (error === timeout.reason) throw new LeptonError('DEADLINE_EXCEEDED', `${interpreter} did not answer within ${LOOK_TIMEOUT_MS} ms`);
    throw error;
  });
  try {
    if (code === 0) return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;
  } catch {
    // Told below.
  }
  const how = killedBy ? `was ended by ${killedBy}` : `left with exit code ${code}`;
  throw new LeptonError('UNSUPPORTED', `${interpreter} is no Python that runs: it ${how}${tail.trim() && `: ${tail.trim().slice(-500)}`}`);
}
