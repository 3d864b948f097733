"""PyTorch: TorchScript by script, or by trace where that fails; torch.export; ONNX. How a module is called is in torch_call.py."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..errors import ModelInvalidError, UnsupportedError
from .archive import normalise_zip
from .common import Array, Arrays, Spec, fields_of, loaded, named_outputs, needed, output_names
from .examples import doubled
from .live import Live, Written
from .torch_call import Call, to_tensor
from .torch_module import Evaluating, as_dict
from .torch_names import canonical_names, forget_names, renamed

_REQUIREMENTS = ["torch", "numpy"]


def live(model: Any, format: Optional[str]) -> PyTorch:
    """See `PyTorch`."""
    if format not in (None, "torchscript", "torch-export", "onnx"):
        raise ModelInvalidError(f"a PyTorch module is saved as torchscript, torch-export or onnx, not as {format}")
    exported = type(model).__name__ == "ExportedProgram"
    if type(model).__name__ == "OptimizedModule":
        model = model._orig_mod  # What torch.compile was given.
    return PyTorch(model, "torch-export" if exported else format or "torchscript", exported)


class PyTorch(Live):
    """A module on the CPU in evaluation mode while it is asked and written; it is left as it was."""

    def __init__(self, module: Any, format: str, exported: bool) -> None:
        self._torch = loaded("torch")
        self._module = module
        self._program = module if exported else None
        self._format = format
        self._call = Call(module.module() if exported else module)
        self.input_names = self._call.names

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Calls the module with tensors of these arrays."""
        arguments, keywords = self._arguments(inputs)
        if self._program is not None:
            with self._torch.no_grad():
                return named_outputs(self._program.module()(*arguments, **keywords))
        with Evaluating(self._torch, self._module), self._torch.no_grad():
            return named_outputs(self._module(*arguments, **keywords))

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """In the format that was asked for."""
        if self._program is not None or self._format == "torch-export":
            return self._export(directory, examples)
        with Evaluating(self._torch, self._module), self._torch.no_grad():
            return self._onnx(directory, examples) if self._format == "onnx" else self._torchscript(directory, examples)

    def _arguments(self, inputs: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        # Copies: what a module does to its input must not change the example.
        return self._call.arguments({name: to_tensor(self._torch, array.copy()) for name, array in inputs.items()})

    def _options(self, examples: Sequence[Arrays]) -> dict[str, Any]:
        return self._call.options(list(examples[0])) if examples else {}

    def _torchscript(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        written = Written("torchscript", "model.pt", self._options(examples), list(_REQUIREMENTS))
        scripted = self._module if isinstance(self._module, self._torch.jit.ScriptModule) else self._script(examples, written)
        self._read_schema(scripted, bool(examples))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._torch.jit.save(scripted, str(directory / "model.pt"))
        rename = canonical_names(directory / "model.pt")
        normalise_zip(directory / "model.pt", drop=_of_this_process, edit=lambda name, content: renamed(name, content, rename), rename=rename)
        return written

    def _script(self, examples: Sequence[Arrays], written: Written) -> Any:
        forget_names(self._torch)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self._torch.jit.script(self._module)
            except Exception as error:
                if not examples:
                    raise ModelInvalidError(f"torch.jit.script cannot save this module ({_reason(error)}); give example_inputs= so that it can be traced, or format='torch-export'") from error
            written.notes.append("traced, since it cannot be scripted: branches that depend on values are as the example took them")
            forget_names(self._torch)
            try:
                # Whether the trace answers as the module does is checked with all examples, in a process of its own.
                return self._trace(examples[0])
            except Exception as error:
                raise ModelInvalidError(f"this module can be neither scripted nor traced ({_reason(error)}); try format='torch-export' or format='onnx'") from error

    def _trace(self, example: Arrays) -> Any:
        arguments, keywords = self._arguments(example)
        plain = self._module(*arguments, **keywords)
        fields = fields_of(plain)
        # Only dicts of tensors can be traced, not dataclasses and the like.
        module = self._module if fields is None or type(plain) is dict else as_dict(self._torch, self._module)
        if not keywords:
            return self._torch.jit.trace(module, arguments, strict=False, check_trace=False)
        return self._torch.jit.trace(module, example_kwarg_inputs=self._call.by_name(arguments, keywords), strict=False, check_trace=False)

    def _read_schema(self, scripted: Any, exemplified: bool) -> None:
        """Names, and without examples as many untyped outputs as the script says."""
        schema = getattr(getattr(scripted, "forward", None), "schema", None)
        if schema is None or exemplified:
            return
        returned: Any = schema.returns[0].type if len(schema.returns) == 1 else None
        kind = getattr(returned, "kind", lambda: "")()
        if kind in ("DictType", "ListType"):
            raise ModelInvalidError(f"the module gives a {kind.removesuffix('Type').lower()}, whose entries only an example shows; give example_inputs=")
        self.outputs = [Spec(name, untyped=True) for name in output_names(_leaves(returned))]

    def _export(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        export: Any = getattr(self._torch, "export", None)
        if not hasattr(export, "save"):
            raise UnsupportedError(f"torch {self._torch.__version__} has no torch.export; torch 2.1 or later has, or use format='torchscript'")
        written = Written("torch-export", "model.pt2", self._options(examples), list(_REQUIREMENTS))
        program = self._program
        if program is None:
            program = self._exported(export, examples)
        export.save(program, str(directory / "model.pt2"))
        normalise_zip(directory / "model.pt2")
        return written

    def _exported(self, export: Any, examples: Sequence[Arrays]) -> Any:
        if not examples:
            raise ModelInvalidError("torch.export needs example_inputs=")
        with Evaluating(self._torch, self._module), self._torch.no_grad():
            twice = doubled(examples[0])
            if twice is not None:
                batch = export.Dim("batch", min=1)
                arguments, keywords = self._arguments(twice)
                try:
                    return export.export(self._module, arguments, keywords, dynamic_shapes=self._call.shapes(arguments, keywords, {0: batch}))
                except Exception:
                    pass
            return export.export(self._module, *self._arguments(examples[0]))

    def _onnx(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        if not examples:
            raise ModelInvalidError("an ONNX conversion runs the module: give example_inputs=")
        answer = self.run(examples[0])
        names, outputs = list(examples[0]), list(answer)
        axes = {name: {0: "batch"} for name in names + outputs} if self._takes_batches(examples[0], answer) else None
        options: dict[str, Any] = {"input_names": names, "output_names": outputs, "dynamic_axes": axes}
        if "dynamo" in inspect.signature(self._torch.onnx.export).parameters:
            needed("onnx", "onnx")
            options["dynamo"] = False
        arguments, keywords = self._arguments(examples[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A dict at the end: what is given by name.
            self._torch.onnx.export(self._module, (*arguments, keywords) if keywords else arguments, str(directory / "model.onnx"), **options)
        return Written("onnx", "model.onnx")

    def _takes_batches(self, example: Arrays, answer: Arrays) -> bool:
        twice = doubled(example)
        if twice is None:
            return False
        try:
            both = self.run(twice)
        except Exception:
            return False
        return all(name in both and both[name].ndim and array.ndim and both[name].shape[0] == 2 * array.shape[0] for name, array in answer.items())


def _of_this_process(name: str) -> bool:
    """Source lines, and a hash that also counts the names of types."""
    return name.endswith((".debug_pkl", ".data/serialization_id"))


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__


def _leaves(kind: Any) -> int:
    """Tensors in a type of TorchScript's: those of tuples in tuples, too."""
    return sum(map(_leaves, kind.elements())) if getattr(kind, "kind", lambda: "")() == "TupleType" else 1
