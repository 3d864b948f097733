"""Modules of the user's own: those that no installed distribution brings."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Optional

from ..errors import ModelInvalidError

#: A package that is saved along is code with perhaps some tables, not a data set.
_FILES_MAX = 1_000


@dataclass
class Imports:
    """What some code imports, followed through modules of the user's own."""

    #: Files to lay beside the class's module: name there, and path here.
    modules: dict[str, Path] = field(default_factory=dict)
    #: Names of distributions.
    distributions: set[str] = field(default_factory=set)

    def follow(self, nodes: Iterable[ast.AST], folder: Path) -> None:
        """Adds what these import; `folder` is where their file is."""
        for top in {name.partition(".")[0] for node in nodes for name in _imported(node)} - {""}:
            if top in sys.stdlib_module_names:
                continue
            installed = _distributions_by_module().get(top, [])
            own = _own_files(top, folder) if not installed else None
            if own is None:
                self.distributions.update(installed[:1])
            else:
                self._add(own)

    def _add(self, files: dict[str, Path]) -> None:
        fresh = {name: path for name, path in files.items() if name not in self.modules}
        self.modules.update(fresh)
        if len(self.modules) > _FILES_MAX:
            raise ModelInvalidError(f"the class's own modules are more than {_FILES_MAX} files (the last is {next(reversed(self.modules))}); import only what it needs")
        for name, path in fresh.items():
            if name.endswith(".py"):
                self.follow(ast.walk(ast.parse(path.read_text("utf-8"), str(path))), path.parent)


def absolute(node: ast.stmt, package: Optional[str]) -> Optional[ast.stmt]:
    """The statement with the relative imports in it made absolute; None: it has none."""
    relative = [each for each in ast.walk(node) if isinstance(each, ast.ImportFrom) and each.level]
    for each in relative:
        if not package:
            raise ModelInvalidError(f"{'.' * each.level}{each.module or ''} is imported relative to no package; import it by its name")
        each.module = importlib.util.resolve_name("." * each.level + (each.module or ""), package).rstrip(".")
        each.level = 0
    return node if relative else None


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""


@lru_cache(maxsize=1)
def _distributions_by_module() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _own_files(top: str, folder: Path) -> Optional[dict[str, Path]]:
    """The files of a module or package, by their names beside the class's module; None: it is not there, or no Python."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    origin = Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None
    if origin is None:
        origin = next((path for path in (folder / f"{top}.py", folder / top / "__init__.py") if path.is_file()), None)
    if origin is None or origin.suffix != ".py":
        return None
    if origin.name != "__init__.py":
        return {f"{top}.py": origin}
    package = origin.parent
    found = (path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.relative_to(package).parts))
    return {str(Path(top) / path.relative_to(package)): path for path in found}
