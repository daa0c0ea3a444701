"""Holds the manifest of a Job (standard input) to the models of the official client, which are made from the published API."""

import re
import sys

import yaml
from kubernetes.client import models

PLAIN = {"str": str, "int": int, "bool": bool, "object": object}

# The API documents these as closed lists, and the models do not check them.
CLOSED = {
    "completionMode": {"Indexed", "NonIndexed"},
    "restartPolicy": {"Never", "OnFailure"},
    "action": {"Count", "FailIndex", "FailJob", "Ignore"},
    "operator": {"In", "NotIn"},
}

fields = 0


def build(kind, value, path):
    """The value as an object of the model; fails where a field is unknown, missing or of another type."""
    global fields
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", kind):
        assert isinstance(value, list), f"{path}: not a list"
        return [build(match[1], item, f"{path}[{at}]") for at, item in enumerate(value)]
    if match := re.fullmatch(r"[Dd]ict[(\[](.*), (.*)[)\]]", kind):
        assert isinstance(value, dict), f"{path}: not a map"
        return {key: build(match[2], item, f"{path}.{key}") for key, item in value.items()}
    if kind in PLAIN:
        right = isinstance(value, PLAIN[kind]) and (kind != "int" or not isinstance(value, bool))
        assert right, f"{path}: {value!r} is no {kind}"
        return value
    model = getattr(models, kind)
    assert isinstance(value, dict), f"{path}: not a {kind}"
    known = {written: name for name, written in model.attribute_map.items()}
    built = {}
    for written, item in value.items():
        here = f"{path}.{written}"
        assert written in known, f"{here}: {kind} has no such field"
        assert item in CLOSED[written] if written in CLOSED else True, f"{here}: {item!r}"
        built[known[written]] = build(model.openapi_types[known[written]], item, here)
        fields += 1
    # Fails where a field must be there and is not.
    return model(**built)


def main():
    manifest = yaml.safe_load(sys.stdin)
    job = build("V1Job", manifest, "job")
    assert (job.api_version, job.kind) == ("batch/v1", "Job")
    spec = job.spec
    # What the API documents of indexed jobs and of failures by index.
    assert spec.completion_mode == "Indexed" and spec.completions > 0 and 0 < spec.parallelism <= spec.completions
    assert spec.template.spec.restart_policy == "Never" and spec.backoff_limit_per_index >= 0
    name = job.metadata.name
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name) and len(name) <= 63
    volumes = {volume.name for volume in spec.template.spec.volumes}
    for container in spec.template.spec.containers:
        assert {mount.name for mount in container.volume_mounts} == volumes
        for wanted in (container.resources.requests, container.resources.limits):
            assert all(re.fullmatch(r"[0-9]+(Mi)?", amount) for amount in wanted.values())
    print(f"{fields} fields, {spec.completion_mode}, {spec.completions} completions")


main()
