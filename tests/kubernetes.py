"""For each object on stdin, what Kubernetes' own schema of the nearest version refuses in it (strict: unknown fields too),
"none" where there is no schema for its kind, or null."""

import functools
import json
import sys

import kubernetes_validate
from kubernetes_validate import utils

# It reads 3 MB of definitions for each object otherwise.
utils.schema_contents = functools.cache(utils.schema_contents)

asked = json.load(sys.stdin)
oldest = utils.all_versions()[0]


def first(version, body):
    # Asked for a version below its oldest, it fails.
    nearest = max(version, oldest, key=utils.Version)
    try:
        kubernetes_validate.validate(body, nearest, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "none"
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    return None


json.dump([first(*each) for each in asked], sys.stdout)
