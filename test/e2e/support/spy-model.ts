/** A version that tries to leave its enclosure, and says in its refusals how far it came. */
import { descriptor, type Files } from './python-models.ts';

/** What the first number of a row asks for; the second is a process id. */
export const SPY = { serve: 0, network: 1, files: 2, fill: 3, signal: 4, child: 5, privileges: 6, processes: 7, environment: 8 } as const;

export interface SpyTargets {
  /** host:port of something that listens on the machine. */
  readonly port: number;
  /** Paths of others, by name. */
  readonly paths: Readonly<Record<string, string>>;
  readonly fillBytes: number;
}

/** Raises ValueError('SPY ' + JSON) on every request but `serve`, which gives the row doubled. */
export function spyModel({ port, paths, fillBytes }: SpyTargets, python: string, requirements: readonly string[]): Files {
  const source = `
import ctypes, glob, json, os, signal, socket, subprocess, sys, tempfile
import numpy as np

PATHS = json.loads(${JSON.stringify(JSON.stringify(paths))})

def told(attempt):
    try:
        return attempt()
    except BaseException as error:
        return type(error).__name__ + ": " + str(error)

def read(path):
    if os.path.isdir(path):
        return "listed " + " ".join(sorted(os.listdir(path))[:5])
    with open(path, "rb") as file:
        return "read %d bytes" % len(file.read(100))

def connect(address, family):
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(5)
        sock.connect(address)
        return "connected"

def fill():
    written, block = 0, b"x" * (1 << 20)
    with tempfile.TemporaryFile() as file:
        try:
            while written < ${fillBytes}:
                file.write(block)
                file.flush()
                written += len(block)
        except OSError as error:
            return {"written": written, "error": error.strerror, "directory": tempfile.gettempdir()}
    return {"written": written, "error": ""}

def privileges():
    libc = ctypes.CDLL(None, use_errno=True)
    status = open("/proc/self/status").read()
    mounted = libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)
    return {"setuid": told(lambda: os.setuid(0) or "became root"), "mount": mounted, "uid": os.getuid(), "noNewPrivs": "NoNewPrivs:\\t1" in status, "chroot": told(lambda: os.chroot("/tmp") or "moved"), "write": told(lambda: open("/etc/lepton-spy", "w").close() or "written")}

class Rules:
    def load(self):
        pass

    def predict(self, x):
        asked, other = int(x[0, 0]), int(x[0, 1])
        if asked == ${SPY.serve}:
            return x * np.float32(2)
        found = None
        if asked == ${SPY.network}:
            found = {"loopback": told(lambda: connect(("127.0.0.1", ${port}), socket.AF_INET)), "outside": told(lambda: connect(("192.0.2.1", 80), socket.AF_INET)), "name": told(lambda: socket.getaddrinfo("example.org", 80) and "resolved"), "interfaces": [name for _, name in socket.if_nameindex()]}
        elif asked == ${SPY.files}:
            found = {name: told(lambda: read(path)) for name, path in PATHS.items()}
            found["own"] = told(lambda: read(__file__))
            found["control"] = told(lambda: read("/proc/%d/environ" % other))
            found["memory"] = told(lambda: read("/proc/%d/maps" % other))
        elif asked == ${SPY.fill}:
            found = fill()
        elif asked == ${SPY.signal}:
            found = told(lambda: os.kill(other, signal.SIGKILL) or "sent")
        elif asked == ${SPY.child}:
            child = subprocess.Popen([sys.executable, "-c", "import os, time; os.setsid(); open('/tmp/left-behind', 'w').write('x'); time.sleep(1000)"], stdin=subprocess.DEVNULL)
            found = child.pid
        elif asked == ${SPY.privileges}:
            found = privileges()
        elif asked == ${SPY.processes}:
            found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        elif asked == ${SPY.environment}:
            found = {"environment": dict(os.environ), "temporary": tempfile.gettempdir(), "files": sorted(os.listdir(tempfile.gettempdir()))}
        raise ValueError("SPY " + json.dumps(found) + " END")
`;
  return { 'lepton-model.json': descriptor({ format: 'python', entry: 'model.py', options: { class: 'Rules' }, python, requirements }), 'model.py': Buffer.from(source) };
}
