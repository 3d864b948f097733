"""`Deployer`: versions of repositories in services."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional, Union

from .errors import DeploymentError, InvalidArgumentError, ServerUnreachableError, ServiceNotFoundError, UnavailableError, VersionNotFoundError
from .management import Management, path_of
from .outcome import outcome_of
from .platform_process import connect
from .progress import say, spinner
from .report import report_at_exit, status_text
from .repository import ModelRepository

Replicas = Union[int, tuple[int, int]]

_POLL_SECONDS = 0.2
_TIMEOUT_SECONDS = 300.0


class Deployer:
    """Runs versions in services. Changes are recorded under this name.

    Methods that change a service block until the change serves, for at most `timeout` seconds (`wait=False`: return when it is accepted).
    They raise DeploymentError with the version's own reason when it fails; what served before keeps serving. A script that changed
    services ends with their state.
    """

    def __init__(self, name: str, url: Optional[str] = None) -> None:
        self.name = name
        self.url = connect(url)
        self._api = Management(self.url, name)
        #: What this object deployed last into a service, so that an update replaces that.
        self._deployed: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Deployer({self.name!r}, url={self.url!r})"

    def deploy_model(
        self, repository: Union[ModelRepository, str], version: str, service_name: Optional[str] = None, *, weight: Optional[float] = None, replicas: Optional[Replicas] = None, idle_seconds: Optional[int] = None, priority: Optional[int] = None,
        threads: Optional[int] = None, memory: Union[int, str, None] = None, cpus: Optional[float] = None, pids: Optional[int] = None, network: Optional[bool] = None, storage: Union[int, str, None] = None, max_batch: Optional[int] = None, max_delay_ms: Optional[float] = None, queue_length: Optional[int] = None,
        reason: Optional[str] = None, wait: bool = True, timeout: float = _TIMEOUT_SECONDS,
    ) -> dict[str, Any]:  # fmt: skip
        """Adds a version to a service (default: the repository's name), or changes its settings where it is there already.

        The first version gets all traffic; a further one is dark, reached by its name only, unless `weight` (percent) is given. `replicas`:
        a number, or (min, max); with (0, n) the version leaves memory after `idle_seconds` (300) without a request and the next request loads
        it again. `memory`: most bytes of one replica, or text such as "512MiB"; `cpus`: most
        cores of it; `pids`: most processes and threads of it. `network`: it may use the machine's network, which
        it does not have otherwise. `storage`: bytes of its temporary files and caches. Returns the service's state.
        """
        deployment = self._deployment(repository, version, _replicas(replicas, idle_seconds), priority, threads, memory, cpus, pids, network, storage, max_batch, max_delay_ms, queue_length)
        service = service_name or _name_of(repository)
        result = self._change("POST", path_of("services", service, "deployments"), {"deployment": deployment, "weight": weight, "reason": reason})
        self._deployed[service] = self._resolved(result, version)
        return self._finish(result, f"deploying {deployment['version']} in {service}", wait, timeout)

    def update_deployment(
        self, repository: Union[ModelRepository, str], version: str, service_name: Optional[str] = None, *, replaces: Optional[str] = None, replicas: Optional[Replicas] = None, idle_seconds: Optional[int] = None, priority: Optional[int] = None,
        threads: Optional[int] = None, memory: Union[int, str, None] = None, cpus: Optional[float] = None, pids: Optional[int] = None, network: Optional[bool] = None, storage: Union[int, str, None] = None, max_batch: Optional[int] = None, max_delay_ms: Optional[float] = None, queue_length: Optional[int] = None,
        reason: Optional[str] = None, wait: bool = True, timeout: float = _TIMEOUT_SECONDS,
    ) -> dict[str, Any]:  # fmt: skip
        """Puts a version in the place of another, with its traffic and settings: the new one is ready before the old one goes.

        `replaces`: the version that goes; without it the one that this object deployed last into the service, else the only one, or
        the one with all traffic.
        """
        deployment = self._deployment(repository, version, _replicas(replicas, idle_seconds), priority, threads, memory, cpus, pids, network, storage, max_batch, max_delay_ms, queue_length)
        service = service_name or _name_of(repository)
        last = self._deployed.get(service)
        origin = replaces or (last if last is not None and self._has(service, last) else None)
        result = self._change("POST", path_of("services", service, "update"), {"deployment": deployment, "from": origin, "reason": reason})
        self._deployed[service] = self._resolved(result, version)
        return self._finish(result, f"updating {service} to {deployment['version']}", wait, timeout)

    def schedule_model(self, repository: Union[ModelRepository, str], version: str, *, priority: Optional[int] = None, replicas: Optional[Replicas] = None, idle_seconds: Optional[int] = None, service_name: Optional[str] = None, reason: Optional[str] = None, wait: bool = True, timeout: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
        """Sets a deployed version's priority (higher is more important) and replicas.

        `service_name` may be left out where only one service runs the version, or only one that this object deployed to.
        """
        if priority is None and replicas is None:
            raise InvalidArgumentError("nothing to schedule: give priority= or replicas=")
        service = service_name or self._service_of(_name_of(repository), version)
        body = {"priority": priority, "replicas": _replicas(replicas, idle_seconds), "reason": reason}
        result = self._change("PATCH", path_of("services", service, "deployments", version), body)
        return self._finish(result, f"scheduling {version} in {service}", wait, timeout)

    def set_traffic(self, service_name: str, weights: Optional[Mapping[str, float]] = None, *, version: Optional[str] = None, label: Optional[str] = None, sticky_header: Optional[str] = None, sticky_parameter: Optional[str] = None, reason: Optional[str] = None, wait: bool = True, timeout: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
        """Who answers requests that name no version: percent by version (sum 100), one `version`, or the one that `label` points to.

        `sticky_header` or `sticky_parameter`: requests with the same value there go to the same version.
        """
        given = {"weights": dict(weights) if weights is not None else None, "version": version, "label": label}
        traffic: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if len(traffic) != 1:
            raise InvalidArgumentError(f"give one of weights, version and label, not {', '.join(traffic) or 'none'}")
        if sticky_header or sticky_parameter:
            traffic["sticky"] = {"header": sticky_header} if sticky_header else {"parameter": sticky_parameter}
        result = self._change("PUT", path_of("services", service_name, "traffic"), {"traffic": traffic, "reason": reason})
        return self._finish(result, f"setting traffic of {service_name}", wait, timeout)

    def rollback(self, service_name: str, revision: Optional[int] = None, *, reason: Optional[str] = None, wait: bool = True, timeout: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
        """Returns to an earlier revision; without one to that before the current."""
        result = self._api.send("POST", path_of("services", service_name, "rollback"), {"revision": revision, **({"reason": reason} if reason else {})})
        self._deployed.pop(service_name, None)
        return self._finish(result, f"rolling {service_name} back", wait, timeout)

    def undeploy(self, service_name: str, version: Optional[str] = None, *, force: bool = False, wait: bool = True, timeout: float = _TIMEOUT_SECONDS) -> Optional[dict[str, Any]]:
        """Removes a version, or without one the whole service. `force`: also while the version has traffic. None: the service is gone."""
        path = path_of("services", service_name) if version is None else path_of("services", service_name, "deployments", version)
        result = self._api.send("DELETE", path, None, force=force or None)
        self._deployed.pop(service_name, None)
        return self._finish(result, f"undeploying {version or service_name}", wait, timeout) or None

    def status(self, service_name: str) -> dict[str, Any]:
        """What is asked for and what is true, version by version."""
        found: dict[str, Any] = self._api.get(path_of("services", service_name))
        return found

    def status_table(self, service_name: str) -> str:
        """The state as a table for people."""
        return status_text(self.status(service_name))

    def wait(self, service_name: str, timeout: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
        """Blocks until the newest revision serves. Raises DeploymentError when it failed or after `timeout` seconds."""
        status = self.status(service_name)
        return self._await(service_name, status["revision"], timeout, f"waiting for {service_name}")

    def _deployment(self, repository: Union[ModelRepository, str], version: str, replicas: Any, priority: Optional[int], threads: Optional[int], memory: Union[int, str, None], cpus: Optional[float], pids: Optional[int], network: Optional[bool], storage: Union[int, str, None], max_batch: Optional[int], max_delay_ms: Optional[float], queue_length: Optional[int]) -> dict[str, Any]:
        resources = _given({"threads": threads, "memory": memory, "cpus": cpus, "pids": pids, "network": network, "storage": storage})
        batching = _given({"maxBatch": max_batch, "maxDelayMs": max_delay_ms, "queueLengthMax": queue_length})
        return {"version": f"{_name_of(repository)}:{version}", **_given({"replicas": replicas, "priority": priority, "resources": resources or None, "batching": batching or None})}

    def _change(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._api.send(method, path, _given(body))
        return result

    def _resolved(self, result: Mapping[str, Any], version: str) -> str:
        """The version's name where a label was given."""
        names = [each["version"] for each in self.status(result["service"])["spec"]["deployments"]]
        return version if version in names else names[-1]

    def _has(self, service: str, version: str) -> bool:
        try:
            return any(each["version"] == version for each in self.status(service)["spec"]["deployments"])
        except ServiceNotFoundError:
            return False

    def _service_of(self, repository: str, version: str) -> str:
        services = self._api.get("services")
        running = [each["name"] for each in services if any(one["repository"] == repository and one["version"] == version for one in each["spec"]["deployments"])]
        own = [name for name in running if name in self._deployed]
        if len(own or running) == 1:
            return str((own or running)[0])
        if running:
            raise InvalidArgumentError(f"{repository}:{version} runs in services {', '.join(running)}; say which with service_name=")
        others = sorted({f"{one['version']} in {each['name']}" for each in services for one in each["spec"]["deployments"] if one["repository"] == repository})
        raise VersionNotFoundError(f"{repository}:{version} runs in no service" + (f" (of {repository} there is {', '.join(others)})" if others else "") + "; deploy it first: deploy_model or update_deployment")

    def _finish(self, result: Mapping[str, Any], what: str, wait: bool, timeout: float) -> dict[str, Any]:
        service, revision = result["service"], result["revision"]
        report_at_exit(self.url, service, lambda: self.status(service))
        if not result["changes"]:
            say(f"{what}: nothing to change")
        if not wait:
            return self.status(service)
        status = self._await(service, revision, timeout, what)
        if result["changes"]:
            say(f"{what}: {'serves' if status else 'gone'} (revision {revision})")
        return status

    def _await(self, service: str, revision: int, timeout: float, what: str) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        with spinner(what) as show:
            while True:
                status = self._reachable_status(service, deadline)
                if status is None:
                    return {}
                state, message = outcome_of(status, revision)
                if state == "serving":
                    return status
                if state == "failed":
                    raise DeploymentError(f"{service}: {message}. Look at: lepton-ai status {service}; lepton-ai logs {service}", details=status)
                if time.monotonic() > deadline:
                    raise DeploymentError(f"{service}: not serving after {timeout:g} s: {message}. It goes on; look at: lepton-ai status {service}", details=status)
                show(f"{what}: {message}")
                time.sleep(_POLL_SECONDS)

    def _reachable_status(self, service: str, deadline: float) -> Optional[dict[str, Any]]:
        """None: the service is gone. A restart of the control process meanwhile does no harm."""
        while True:
            try:
                return self.status(service)
            except ServiceNotFoundError:
                return None
            except (UnavailableError, ServerUnreachableError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _name_of(repository: Union[ModelRepository, str]) -> str:
    return repository if isinstance(repository, str) else repository.name


def _replicas(replicas: Optional[Replicas], idle_seconds: Optional[int] = None) -> Any:
    if idle_seconds is not None and not isinstance(replicas, tuple):
        raise InvalidArgumentError("idle_seconds needs a range of replicas that begins at 0: replicas=(0, 1)")
    if not isinstance(replicas, tuple):
        return replicas
    return {"min": replicas[0], "max": replicas[1], **_given({"idleSeconds": idle_seconds})}
