"""The part of a module that a class needs, by its syntax tree."""

from __future__ import annotations

import ast
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import ModelInvalidError
from .modules import Imports, absolute


@dataclass(frozen=True)
class Source:
    """Text of a module, files of the user's own that it imports (name beside it: path), and the distributions of the other imports."""

    text: str
    modules: dict[str, Path]
    distributions: list[str]


def extract(kind: type) -> Source:
    """The class with the imports, classes, functions and constants of its module that it uses, directly or through one another."""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        raise ModelInvalidError(f"the source of {kind.__qualname__} is not in a file; write the class into a .py file (module {kind.__module__})")
    if kind.__qualname__ != kind.__name__:
        raise ModelInvalidError(f"{kind.__qualname__} is defined inside another scope; move it to the top of its module")
    text = Path(file).read_text("utf-8")
    tree = ast.parse(text, file)
    needed = _closure(kind.__name__, tree)
    kept = [node for node in tree.body if _is_future(node) or (_binds(node) & needed and _may_stand(node))]
    missing = needed - {name for node in kept for name in _binds(node)}
    computed = sorted(name for name in missing if any(name in _binds(node) for node in tree.body))
    if computed:
        raise ModelInvalidError(f"{kind.__name__} uses {', '.join(computed)}, which the module computes when it runs; only constants are saved: compute it in load()")
    body = "\n\n".join(_segment(text, node, getattr(module, "__package__", None)) for node in kept)
    imports = Imports()
    imports.follow((each for node in kept for each in ast.walk(node)), Path(file).parent)
    return Source(body + "\n", imports.modules, sorted(imports.distributions))


def _closure(start: str, tree: ast.Module) -> set[str]:
    """Names of the module that `start` reaches."""
    uses: dict[str, set[str]] = {}
    for node in tree.body:
        for name in _binds(node):
            uses.setdefault(name, set()).update(_reads(node))
    if start not in uses:
        raise ModelInvalidError(f"class {start} is not at the top level of its file")
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in uses and name not in found:
            found.add(name)
            waiting.extend(uses[name])
    return found


def _reads(node: ast.stmt) -> Iterator[str]:
    """Names of the module that it reads; parameters and other locals are not the module's, whatever they are called."""
    outer = symtable.symtable(ast.unparse(node), "<model>", "exec")
    yield from (symbol.get_name() for symbol in outer.get_symbols() if symbol.is_referenced())
    waiting = outer.get_children()
    while waiting:
        scope = waiting.pop()
        yield from (symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global())
        waiting.extend(scope.get_children())


def _binds(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    if isinstance(node, (ast.If, ast.Try)):
        return {name for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt) for name in _binds(child)}
    return set()


def _may_stand(node: ast.stmt) -> bool:
    """Definitions, imports, and assignments of what has no effect: constants, and containers and arithmetic of them."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is not None and _is_constant(node.value)
    if isinstance(node, (ast.If, ast.Try)):
        return all(_may_stand(each) or isinstance(each, ast.Pass) for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt))
    return isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom))


_HARMLESS_CALLS = {"re.compile", "frozenset", "set", "dict", "list", "tuple", "np.array", "numpy.array", "np.float32", "np.float64", "np.int64", "Path", "TypeVar", "namedtuple"}
_PLAIN = (ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp, ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.Subscript, ast.Slice, ast.Compare, ast.BoolOp, ast.Lambda, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context, ast.keyword, ast.arguments, ast.arg, ast.IfExp, ast.Starred)


def _is_constant(value: ast.expr) -> bool:
    return all(isinstance(each, _PLAIN) or (isinstance(each, ast.Call) and ast.unparse(each.func) in _HARMLESS_CALLS) for each in ast.walk(value))


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _segment(text: str, node: ast.stmt, package: Optional[str]) -> str:
    rewritten = absolute(node, package)
    if rewritten is not None:
        return ast.unparse(rewritten)
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno]) if node.col_offset == 0 else ast.unparse(node)
