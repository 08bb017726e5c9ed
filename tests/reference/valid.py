"""For each text of YAML on stdin, what its schema finds first, or null. The schemas themselves are checked before."""

import json
import sys

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

asked = json.load(sys.stdin)
validators = {}
for name, schema in asked["schemas"].items():
    Draft7Validator.check_schema(schema)
    validators[name] = Draft7Validator(schema)


def first(schema, text):
    try:
        tree = YAML(typ="safe", pure=True).load(text)  # YAML 1.2
    except YAMLError as error:
        return str(error)
    # A date is text to an editor.
    tree = json.loads(json.dumps(tree, default=str))
    error = best_match(validators[schema].iter_errors(tree))
    return error and f"{error.json_path}: {error.message}"


json.dump([first(*text) for text in asked["texts"]], sys.stdout)
