/** Versions that misbehave, each in a way of its own: for the tests, and for the benchmark that looks at what others notice. */
import { descriptor, type Files, PYTHON } from './python-models.ts';

export interface BadNeighbour {
  readonly id: 'memory' | 'forks' | 'cpu' | 'disk' | 'log' | 'network' | 'files' | 'deaf';
  readonly text: string;
  /** First number of the request that sets it off. */
  readonly act: number;
  readonly resources: Readonly<Record<string, unknown>>;
  /** Its request is answered at once; false: not before long. */
  readonly answers: boolean;
}

const MIB = 2 ** 20;
export const MEMORY_BYTES = 256 * MIB;
export const STORAGE_BYTES = 32 * MIB;
export const PIDS = 64;

export const BAD_NEIGHBOURS: readonly BadNeighbour[] = [
  { id: 'memory', text: 'allocates without end', act: 1, resources: { memory: MEMORY_BYTES }, answers: true },
  { id: 'forks', text: 'forks without end', act: 2, resources: { pids: PIDS }, answers: true },
  { id: 'cpu', text: 'spins in four processes', act: 3, resources: {}, answers: true },
  { id: 'disk', text: 'fills its disk', act: 4, resources: { storage: STORAGE_BYTES }, answers: true },
  { id: 'log', text: 'floods its log', act: 5, resources: {}, answers: true },
  { id: 'network', text: 'opens sockets out', act: 6, resources: {}, answers: true },
  { id: 'files', text: 'reads other versions’ files', act: 7, resources: {}, answers: true },
  { id: 'deaf', text: 'ignores SIGTERM', act: 8, resources: {}, answers: false },
];

/** What it tried goes into the error of its answer, between SAID and END. */
const SOURCE = `
import ctypes, json, os, socket, tempfile, threading, time
import numpy as np

FACTS = json.loads(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "facts.json")).read())


def say(what):
    raise ValueError("SAID " + json.dumps(what) + " END")


def attempt(act):
    try:
        act()
        return "done"
    except OSError as error:
        return type(error).__name__


class Bad:
    def load(self):
        pass

    def predict(self, x):
        act = int(x[0, 0])
        if act == 1:
            threading.Thread(target=self.allocate, daemon=True).start()
        elif act == 2:
            threading.Thread(target=self.fork, daemon=True).start()
        elif act == 3:
            for _ in range(4):
                if os.fork() == 0:
                    while True:
                        pass
        elif act == 4:
            threading.Thread(target=self.fill, daemon=True).start()
        elif act == 5:
            threading.Thread(target=self.flood, daemon=True).start()
        elif act == 6:
            say([attempt(lambda: socket.create_connection(tuple(address), 2)) for address in FACTS["addresses"]])
        elif act == 7:
            say([attempt(lambda: open(path, "rb").read(1)) for path in FACTS["paths"]])
        elif act == 8:
            ctypes.CDLL(None).signal(15, ctypes.c_void_p(1))
            time.sleep(600)
        return x

    def allocate(self):
        kept = []
        while True:
            kept.append(np.ones(4 * 2**20, dtype=np.uint8))

    def fork(self):
        while True:
            try:
                if os.fork() == 0:
                    time.sleep(600)
                    os._exit(0)
            except OSError:
                time.sleep(0.01)

    def fill(self):
        directory = tempfile.mkdtemp()
        for number in range(10**6):
            try:
                with open(os.path.join(directory, str(number)), "wb") as file:
                    file.write(bytes(2**20))
            except OSError:
                time.sleep(0.01)

    def flood(self):
        line = "x" * 1000
        while True:
            print(line, flush=True)
`;

export function badNeighbourModel(facts: { readonly addresses: readonly (readonly [string, number])[]; readonly paths: readonly string[] }): Files {
  return {
    'lepton-model.json': descriptor({ format: 'python', entry: 'model.py', options: { class: 'Bad' }, python: PYTHON, requirements: [] }),
    'model.py': Buffer.from(SOURCE),
    'facts.json': Buffer.from(JSON.stringify(facts)),
  };
}

/** What a neighbour says that it could do. */
export function saidIn(answer: string): readonly string[] {
  const [, said] = /SAID (.*?) END/.exec((JSON.parse(answer) as { error?: string }).error ?? '') ?? [];
  return said === undefined ? [] : (JSON.parse(said) as string[]);
}
