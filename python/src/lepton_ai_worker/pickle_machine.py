"""Pickle's machine with nothing behind it: every global is an inert stand-in, so a hostile pickle says what it would import.

Reading opcodes alone misses names that are put together on the stack; running them finds these as the real machine would.
"""

import _compat_pickle
import io
import pickle
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Optional

FRAME_BYTES_MAX = 64 * 2**20
#: Longer texts and bytes are read past; no name of a global is as long.
VALUE_BYTES_MAX = 2**20
CHUNK = 2**20
_SIMPLE_DTYPE = re.compile(r"^([?bBhHiIlLqQefdgFDGSUVmMOuc])(\d*)$")
_HAS_OBJECT = 1
#: Sizes that numpy's kinds come in, the one meant without a number first.
_SIZES = {
    "?": (1,), "b": (1,), "B": (1,), "h": (2,), "H": (2,), "i": (4, 1, 2, 8), "I": (4,), "u": (4, 1, 2, 8), "l": (8,), "L": (8,), "q": (8,), "Q": (8,),
    "e": (2,), "f": (4, 2, 8, 16), "d": (8,), "g": (16,), "c": (8, 16, 32), "F": (8,), "D": (16,), "G": (32,), "m": (8,), "M": (8,), "O": (8,),
}  # fmt: skip


class Unreadable(Exception):
    """What can't be judged, and why."""


class _Stopped(Exception):
    """The pickle's end."""


class Budget:
    """What one scan may cost in all."""

    def __init__(self, operations: int = 10_000_000, seconds: float = 90.0, read_bytes: int = 64 * 2**30) -> None:
        self.operations = operations
        self.read_bytes = read_bytes
        self.deadline = time.monotonic() + seconds

    def operation(self) -> None:
        """Counts one opcode."""
        self.operations -= 1
        if self.operations < 0:
            raise Unreadable("it has more opcodes than are read")
        if self.operations % 4096 == 0:
            self.check_time()

    def check_time(self) -> None:
        """Raises when time is up."""
        if time.monotonic() > self.deadline:
            raise Unreadable("it takes too long to read")

    def read(self, count: int) -> None:
        """Counts bytes after decompression."""
        self.read_bytes -= count
        if self.read_bytes < 0:
            raise Unreadable("it is larger decompressed than is read")
        self.check_time()


class Inert:
    """Stands for a global, and for whatever calling it would give."""

    def __init__(self, origin: tuple[str, str], args: tuple[Any, ...] = ()) -> None:
        self.origin = origin
        self.args = args
        self.state: Any = None

    def __call__(self, *args: Any, **_: Any) -> "Inert":
        """The object that would be made. Reconstructors make one of the class that they are given."""
        known = self.origin in (("copyreg", "_reconstructor"), ("copyreg", "__newobj__")) and args and isinstance(args[0], Inert)
        return Inert(args[0].origin if known else self.origin, args)

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class PickleMachine(pickle._Unpickler):
    """Runs one pickle from a stream; `globals` are the names met, in order, also when it ends with an exception."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)
    pop_mark: Callable[[], list[Any]]

    def __init__(self, stream: "io.BufferedReader[Any]", budget: Budget, names: list[tuple[str, str]]) -> None:
        super().__init__(stream)
        self._stream = stream
        self._budget = budget
        self.globals = names

    def run(self) -> None:
        """Raises what the real machine would raise on nonsense, or Unreadable."""
        # What pickle's own load() reads frames with; typeshed does not list it.
        self._unframer = pickle._Unframer(self._file_read, self._file_readline)  # type: ignore[attr-defined]
        self.read, self.readinto, self.readline = self._read_bounded, self._unframer.readinto, self._unframer.readline
        self.metastack: list[list[Any]] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        self.proto = 0
        dispatch = self.dispatch
        try:
            while True:
                key = self._unframer.read(1)
                if not key:
                    raise EOFError
                self._budget.operation()
                dispatch[key[0]](self)
        except _Stopped:
            return

    def _read_bounded(self, count: int) -> Any:
        if count <= VALUE_BYTES_MAX:
            return self._unframer.read(count)
        self._skip(self._unframer.read, count)
        return b""

    def _skip(self, read: Callable[[int], bytes], count: int) -> None:
        while count > 0:
            self._budget.check_time()
            got = len(read(min(CHUNK, count)))
            if not got:
                raise EOFError
            count -= got

    def find_class(self, module: str, name: str) -> Inert:
        """Notes the name that the real machine would import."""
        if self.proto < 3:
            if (module, name) in _compat_pickle.NAME_MAPPING:
                module, name = _compat_pickle.NAME_MAPPING[(module, name)]
            elif module in _compat_pickle.IMPORT_MAPPING:
                module = _compat_pickle.IMPORT_MAPPING[module]
        if (module, name) not in self.globals:
            self.globals.append((module, name))
        return Inert((module, name))

    def get_extension(self, code: int) -> None:
        """Nobody knows what it means elsewhere."""
        raise Unreadable(f"it uses extension code {code}, whose meaning depends on the process")

    def persistent_load(self, _pid: Any) -> Inert:
        """What the loader itself would look up."""
        return Inert(("", "persistent"))

    def _instantiate(self, klass: Any, args: Any) -> None:
        self.append(_called(klass, tuple(args)))

    def _load_stop(self) -> None:
        self.stack.pop()
        raise _Stopped

    def _load_frame(self) -> None:
        size = int.from_bytes(self._unframer.read(8), "little")
        if size > FRAME_BYTES_MAX:
            raise Unreadable(f"a frame of {size} bytes is longer than is read")
        self._unframer.load_frame(size)

    def _load_reduce(self) -> None:
        args, function = self.stack.pop(), self.stack[-1]
        self.stack[-1] = _called(function, args)

    def _load_newobj(self) -> None:
        args, cls = self.stack.pop(), self.stack.pop()
        self.append(_called(cls, args))

    def _load_newobj_ex(self) -> None:
        self.stack.pop()
        self._load_newobj()

    def _load_stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise Unreadable("it computes the name of a global")
        self.append(self.find_class(module, name))

    def _load_build(self) -> None:
        state, instance = self.stack.pop(), self.stack[-1]
        if not isinstance(instance, Inert):
            return
        instance.state = state
        if instance.origin == ("joblib.numpy_pickle", "NumpyArrayWrapper"):
            self._pass_array(state if isinstance(state, dict) else {})

    def _pass_array(self, state: dict[str, Any]) -> None:
        """Joblib puts an array's bytes right behind the object that describes it."""
        shape, (item_bytes, has_object) = state.get("shape"), _dtype(state.get("dtype"))
        if not isinstance(shape, tuple) or not all(type(size) is int and 0 <= size < 2**48 for size in shape):
            raise Unreadable("an array in it has no readable shape")
        if has_object:
            PickleMachine(self._stream, self._budget, self.globals).run()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self._skip(self._stream.read, self._stream.read(1)[0])
        count = item_bytes
        for size in shape:
            count *= size
        self._skip(self._stream.read, count)

    def _load_bytearray8(self) -> None:
        self.append(self._read_bounded(int.from_bytes(self._unframer.read(8), "little")))

    def _load_next_buffer(self) -> None:
        self.append(b"")

    def _load_readonly_buffer(self) -> None:
        pass

    def _keep(self, target: Any, items: list[Any]) -> None:
        # Only what describes arrays is needed; other keys might be made to hash slowly.
        if isinstance(target, dict):
            target.update({key: value for key, value in zip(items[::2], items[1::2]) if isinstance(key, str)})

    def _load_dict(self) -> None:
        items = self.pop_mark()
        target: dict[str, Any] = {}
        self._keep(target, items)
        self.append(target)

    def _load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._keep(self.stack[-1], [key, value])

    def _load_setitems(self) -> None:
        items = self.pop_mark()
        self._keep(self.stack[-1], items)

    def _load_append(self) -> None:
        value = self.stack.pop()
        if isinstance(self.stack[-1], list):
            self.stack[-1].append(value)

    def _load_appends(self) -> None:
        items = self.pop_mark()
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def _load_additems(self) -> None:
        self.pop_mark()

    def _load_frozenset(self) -> None:
        self.pop_mark()
        self.append(frozenset())


def _install() -> None:
    own: dict[bytes, Callable[[PickleMachine], None]] = {
        pickle.STOP: PickleMachine._load_stop, pickle.FRAME: PickleMachine._load_frame, pickle.REDUCE: PickleMachine._load_reduce, pickle.NEWOBJ: PickleMachine._load_newobj,
        pickle.NEWOBJ_EX: PickleMachine._load_newobj_ex, pickle.STACK_GLOBAL: PickleMachine._load_stack_global, pickle.BUILD: PickleMachine._load_build,
        pickle.BYTEARRAY8: PickleMachine._load_bytearray8, pickle.NEXT_BUFFER: PickleMachine._load_next_buffer, pickle.READONLY_BUFFER: PickleMachine._load_readonly_buffer,
        pickle.DICT: PickleMachine._load_dict, pickle.SETITEM: PickleMachine._load_setitem, pickle.SETITEMS: PickleMachine._load_setitems,
        pickle.APPEND: PickleMachine._load_append, pickle.APPENDS: PickleMachine._load_appends, pickle.ADDITEMS: PickleMachine._load_additems, pickle.FROZENSET: PickleMachine._load_frozenset,
    }  # fmt: skip
    PickleMachine.dispatch.update({opcode[0]: function for opcode, function in own.items()})


_install()


def _called(function: Any, args: Any) -> Inert:
    return function(*(args if isinstance(args, tuple) else ())) if isinstance(function, Inert) else Inert(("", ""))


def _dtype(value: Any) -> tuple[int, bool]:
    """Bytes of an element, and whether elements are pickled objects. Raises Unreadable for what numpy itself would not have written."""
    text = value.args[0] if isinstance(value, Inert) and value.origin == ("numpy", "dtype") and value.args else None
    match = _SIMPLE_DTYPE.match(text) if isinstance(text, str) else None
    if not match:
        raise Unreadable("an array in it has no readable dtype")
    kind, digits = match.groups()
    state = value.state if isinstance(value.state, tuple) and len(value.state) >= 8 else None
    flags = state[7] if state and type(state[7]) is int else 0
    size = _item_bytes(kind, digits)
    if kind == "O" or (flags & _HAS_OBJECT):
        if kind not in "OV" or not flags & _HAS_OBJECT:
            raise Unreadable("an array in it has a contradictory dtype")
        return size, True
    own = state[5] if state and type(state[5]) is int else -1
    if kind in "SUV" and own >= 0 and own != size:
        raise Unreadable("an array in it has a contradictory dtype")
    return size, False


def _item_bytes(kind: str, digits: str) -> int:
    """As numpy has it; the scan runs where there may be no numpy."""
    if kind in "SVUuc" and (not digits or len(digits) > 9):
        raise Unreadable("an array in it has a dtype without a size")
    if kind in "SVU":
        return int(digits) * (4 if kind == "U" else 1)
    sizes = _SIZES[kind]
    size = int(digits[:3]) if digits else sizes[0]
    if size not in sizes:
        raise Unreadable(f"an array in it has no readable dtype: {kind}{digits[:3]}")
    return size


def globals_of(stream: "io.BufferedReader[Any]", budget: Budget) -> tuple[list[tuple[str, str]], Optional[str], bool]:
    """What a stream of pickles would import; why it could not be read to its end, if so; whether anything follows the last STOP."""
    names: list[tuple[str, str]] = []
    pickles = 0
    try:
        while True:
            ahead = stream.peek(1)
            if pickles and ahead[:1] != pickle.PROTO:
                return names, None, bool(ahead)
            PickleMachine(stream, budget, names).run()
            pickles += 1
    except (Unreadable, MemoryError, RecursionError) as error:
        return names, str(error) or type(error).__name__, False
    except Exception as error:  # Nonsense: the real machine ends here too.
        return names, None if pickles else f"it is no whole pickle ({type(error).__name__})", bool(pickles)
