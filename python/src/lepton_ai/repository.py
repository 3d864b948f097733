"""`ModelRepository`: the versions of one model."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Optional, Union
from urllib.parse import urlsplit

from .checking import check_artefact, refuse_unsafe
from .errors import LeptonError, RepositoryNotFoundError, UnsupportedError, VersionExistsError, VersionNotFoundError
from .management import Management, path_of
from .platform_process import connect
from .progress import Advance, bar, say, size_text, spinner
from .saving import TOLERANCE, Artefact, Wishes, write_artefact
from .training import taken_metrics
from .uploading import LocalFile, hash_directory, publish

_SCANNED = frozenset(("sklearn", "torchscript", "torch-export"))


@dataclass(frozen=True)
class Version:
    """One immutable version. `size_bytes` is the sum of its files."""

    repository: str
    version: str
    digest: str
    format: str
    size_bytes: int
    created_at: str
    created_by: str
    metadata: Mapping[str, Any]
    signature: Mapping[str, Any]

    @property
    def reference(self) -> str:
        """`repository:version`."""
        return f"{self.repository}:{self.version}"

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Version:
        """From the server's JSON."""
        manifest = value["manifest"]
        return cls(value["repository"], value["version"], value["digest"], manifest["format"], value["sizeBytes"], value["createdAt"], value["createdBy"], manifest["metadata"], manifest["signature"])


class ModelRepository:
    """The history of one model.

    The repository must exist (`lepton-ai create-repository NAME`) unless `create=True`. Without `url` the server is LEPTON_URL's, or
    the local platform, which is started when none runs. Raises RepositoryNotFoundError, ServerUnreachableError.
    """

    def __init__(self, name: str, url: Optional[str] = None, *, create: bool = False, description: str = "", user: Optional[str] = None) -> None:
        self.name = name
        self.url = connect(url)
        self._api = Management(self.url, user)
        if create:
            self._api.send("POST", "repositories", {"name": name, "ifNotExists": True, **({"description": description} if description else {})})
            return
        try:
            self._api.get(path_of("repositories", name))
        except RepositoryNotFoundError:
            raise self._missing() from None

    def _missing(self) -> RepositoryNotFoundError:
        known = [each["name"] for each in self._api.get("repositories")]
        near = get_close_matches(self.name, known, 1)
        hint = f" Do you mean {near[0]!r}?" if near else ""
        return RepositoryNotFoundError(f"there is no repository {self.name!r} at {self.url}.{hint} Create it with: lepton-ai create-repository {self.name} (or ModelRepository({self.name!r}, create=True))", status=404)

    def __repr__(self) -> str:
        return f"ModelRepository({self.name!r}, url={self.url!r})"

    def save_model(
        self, model: Any, version: str, *, example_inputs: Any = None, format: Optional[str] = None, labels: Sequence[str] = (), metadata: Optional[Mapping[str, Any]] = None,
        requirements: Sequence[str] = (), signature: Any = None, allow_unsafe: Optional[str] = None, tolerance: float = TOLERANCE,
    ) -> Version:  # fmt: skip
        """Saves a live model, or a path of one, as an immutable version.

        The artefact is loaded back in a process of its own first and must answer `example_inputs` as the live object did, floats within
        `tolerance` (absolute plus relative). `example_inputs`: an array, a tuple in the model's order, a dict by input name, or a list of
        such dicts; the signature's datatypes and shapes come from them where the model does not state its own. `signature`:
        {"inputs": {"x": ("FP32", [-1, 4])}, "outputs": …}, or the name of the function of a tf.Module or SavedModel that is served. `requirements`: further distributions that the version needs (names, or exact
        pins). `allow_unsafe`: the reason why a pickle with foreign code is taken; it is recorded.

        The same content again changes nothing and sends nothing. Raises VersionExistsError for other content under a name that is
        taken, LossyConversionError, ModelUnsafeError, ModelInvalidError.
        """
        wishes = Wishes(example_inputs, format, requirements, signature, tolerance)
        metrics = taken_metrics(model)
        facts = {**({"metrics": metrics} if metrics else {}), **(metadata or {})}
        with tempfile.TemporaryDirectory(prefix="lepton-save-") as temporary:
            directory = Path(temporary)
            with spinner(f"saving {self.name}:{version}"):
                artefact = write_artefact(model, directory, wishes)
            files = hash_directory(directory)
            existing = self._existing(version)
            if existing is None or not _same_files(existing, files):
                self._refuse_other_content(version, existing, files)
                self._verify(directory, artefact, allow_unsafe)
            body = {"version": version, "format": artefact.format, **({"metadata": facts} if facts else {}), **({"allowUnsafe": allow_unsafe} if allow_unsafe else {})}
            if existing is not None and not facts:
                body["metadata"] = existing["manifest"]["metadata"]
            published = self._publish(body, files)
        saved = Version.of(published.version)
        for label in labels:
            self.set_label(label, saved.version)
        self._register_interpreter(artefact)
        self._tell(saved, published.created, published.sent_bytes, artefact, tolerance)
        return saved

    def _existing(self, version: str) -> Optional[Mapping[str, Any]]:
        try:
            found: Mapping[str, Any] = self._api.get(path_of("repositories", self.name, "versions", version))
        except VersionNotFoundError:
            return None
        # A label of this name is the server's to refuse.
        return found if found["version"] == version else None

    def _refuse_other_content(self, version: str, existing: Optional[Mapping[str, Any]], files: Sequence[LocalFile]) -> None:
        if existing is None:
            return
        before = {each["path"]: each["digest"] for each in existing["manifest"]["files"]}
        now = {each.path: each.digest for each in files}
        unlike = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
        raise VersionExistsError(
            f"{self.name}:{version} exists already with other content (different: {', '.join(unlike[:5])}{', …' if len(unlike) > 5 else ''}; published {existing['createdAt']} by {existing['createdBy']}). "
            f"Versions never change: save under another name, or delete it first if nothing uses it: lepton-ai delete {self.name}:{version}",
            status=409, details={"files": unlike},
        )  # fmt: skip

    def _verify(self, directory: Path, artefact: Artefact, allow_unsafe: Optional[str]) -> None:
        if artefact.format in _SCANNED and not allow_unsafe:
            refuse_unsafe(directory, artefact.format, "If you trust it, say why with allow_unsafe='…'; the reason is recorded with the version.")
        if artefact.format == "onnx":
            _check_onnx(directory)
        else:
            check_artefact(directory)

    def _publish(self, body: Mapping[str, Any], files: Sequence[LocalFile]) -> Any:
        try:
            return publish(self._api, self.name, body, files)
        except RepositoryNotFoundError:
            raise self._missing() from None
        except VersionExistsError as error:
            raise VersionExistsError(f"{error.message}", status=error.status, details=error.details) from None

    def _tell(self, saved: Version, created: bool, sent: int, artefact: Artefact, tolerance: float) -> None:
        if not created:
            return say(f"{saved.reference} exists already, unchanged ({size_text(saved.size_bytes)}, nothing sent)")
        checked = f", {artefact.examples} example{'s' if artefact.examples > 1 else ''} answered within {tolerance:g}" if artefact.examples else ""
        say(f"{saved.reference} saved: {artefact.format}, {size_text(saved.size_bytes)} ({size_text(sent)} sent){checked}")
        for note in artefact.notes:
            say(f"  {note}")

    def _register_interpreter(self, artefact: Artefact) -> None:
        """Offers this Python to a server on this machine, so that it need not build the environment anew."""
        if artefact.environment is None or urlsplit(self.url).hostname not in ("127.0.0.1", "localhost", "::1"):
            return
        try:
            self._api.send("PUT", path_of("environments", environment_digest(artefact.environment)), {"interpreter": sys.executable})
        except LeptonError as error:
            if error.code not in ("ROUTE_NOT_FOUND", "PRECONDITION_FAILED", "INVALID_ARGUMENT"):
                raise

    def load_model(self, version: str, *, allow_unsafe: bool = False) -> Any:
        """The framework's own object of a version (or label): a torch module, a Keras model, an estimator, an object of a class.

        Its files are scanned before anything loads them; ModelUnsafeError says what was found, `allow_unsafe=True` loads all the same.
        """
        found = self.version(version)
        directory = Path(tempfile.mkdtemp(prefix="lepton-load-"))
        try:
            self.download(found.version, directory)
            if found.format != "onnx" and not allow_unsafe:
                refuse_unsafe(directory, found.format, "If you trust it, load it with allow_unsafe=True.")
            from .formats.files import load_back

            return load_back(directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def version(self, version: str) -> Version:
        """One version, by its name or a label."""
        return Version.of(self._api.get(path_of("repositories", self.name, "versions", version)))

    def versions(self) -> list[Version]:
        """All versions, oldest first."""
        found: list[Version] = []
        while True:
            page = self._api.get(path_of("repositories", self.name, "versions"), after=found[-1].version if found else None)
            found += [Version.of(each) for each in page]
            if len(page) < 100 or not page:
                return found

    def labels(self) -> dict[str, str]:
        """The version that each label points to."""
        return {each["label"]: each["version"] for each in self._api.get(path_of("repositories", self.name, "labels"))}

    def set_label(self, label: str, version: str) -> None:
        """Points a label to a version; services that follow it follow."""
        self._api.send("PUT", path_of("repositories", self.name, "labels", label), {"version": version})

    def delete_label(self, label: str) -> None:
        """Removes a label that no service follows."""
        self._api.send("DELETE", path_of("repositories", self.name, "labels", label))

    def diff(self, before: str, after: str) -> dict[str, Any]:
        """What differs between two versions: `files`, `signature`, `metadata`, `identical`."""
        result: dict[str, Any] = self._api.get(path_of("repositories", self.name, "diff"), **{"from": before, "to": after})
        return result

    def history(self, limit: int = 100) -> list[dict[str, Any]]:
        """What was done to the repository, newest first."""
        result: list[dict[str, Any]] = self._api.get(path_of("repositories", self.name, "history"), limit=limit)
        return result

    def download(self, version: str, directory: Union[str, Path]) -> Path:
        """Writes a version's files into a directory, each checked against its digest."""
        value = self._api.get(path_of("repositories", self.name, "versions", version))
        target = Path(directory)
        with bar("downloading", value["sizeBytes"]) as advance:
            for file in value["manifest"]["files"]:
                self._download_file(value["version"], file, target / file["path"], advance)
        return target

    def _download_file(self, version: str, file: Mapping[str, Any], target: Path, advance: Advance) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        digest = hashlib.sha256()
        with partial.open("wb") as output:

            def write(chunk: bytes) -> None:
                output.write(chunk)
                digest.update(chunk)
                advance(len(chunk))

            self._api.download(path_of("repositories", self.name, "versions", version, "files", *file["path"].split("/")), write)
        if f"sha256:{digest.hexdigest()}" != file["digest"]:
            partial.unlink()
            raise LeptonError(f"{self.name}:{version} {file['path']} came with other content than its digest says; download it again", code="DIGEST_MISMATCH")
        partial.replace(target)

    def delete(self, version: str) -> None:
        """Deletes a version that nothing uses. Raises InUseError with what does."""
        self._api.send("DELETE", path_of("repositories", self.name, "versions", version))


def _same_files(existing: Mapping[str, Any], files: Sequence[LocalFile]) -> bool:
    return sorted((each["path"], each["digest"]) for each in existing["manifest"]["files"]) == sorted((each.path, each.digest) for each in files)


def _check_onnx(directory: Path) -> None:
    """By onnxruntime where it is installed; the platform asks the same known answers before the version serves."""
    from .formats.check_onnx import check

    try:
        check(directory)
    except UnsupportedError:
        say("  onnxruntime is not installed here: the examples are checked when the version is deployed")


def environment_digest(environment: Mapping[str, Any]) -> str:
    """As src/core/environment.ts makes it; protocol/environments.json has vectors."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    text = json.dumps({"platform": f"{sys.platform}-{machine}", "python": environment["python"], "requirements": list(environment["requirements"])}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
