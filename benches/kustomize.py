#!/usr/bin/env python3
"""One kustomization of 10, 100, 1,000 … apps, built by stackc and by `kubectl kustomize`: processor time and peak memory
of both, as ratios of medians, and how each grows.

    cargo build --release && benches/kustomize.py target/release/stackc target/venv/bin/kubectl 10 100 1000

kubectl is left out above 1,000 apps (133 s there), or above --kubectl-up-to N."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

APP = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: {a}, labels: {{app: {a}}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {a}}}}}
  template:
    metadata: {{labels: {{app: {a}}}}}
    spec:
      containers:
      - name: {a}
        image: registry.example/{a}:1.0
        ports: [{{containerPort: 8080, name: http}}]
        envFrom: [{{configMapRef: {{name: {a}}}}}]
        volumeMounts: [{{mountPath: /data, name: data}}]
      volumes: [{{name: data, emptyDir: {{}}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {a}}}
spec: {{selector: {{app: {a}}}, ports: [{{port: 80, targetPort: http}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: {a}}}
data: {{a: b}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {a}}}
spec: {{rules: [{{host: {a}.example.com, http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: {a}, port: {{number: 80}}}}}}}}]}}}}]}}
"""
PATCH = """- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: {a}}}
    spec: {{template: {{spec: {{containers: [{{name: {a}, resources: {{limits: {{memory: 64Mi}}}}}}]}}}}}}
"""


def write(folder, count):
    apps = [f"app-{number}" for number in range(count)]
    (folder / "base").mkdir()
    (folder / "base/all.yaml").write_text("---\n".join(APP.format(a=app) for app in apps))
    (folder / "base/kustomization.yaml").write_text("resources: [all.yaml]\n")
    (folder / "kustomization.yaml").write_text(
        "resources: [base]\nnamespace: prod\nnamePrefix: p-\nlabels: [{pairs: {team: web}, includeTemplates: true}]\nimages:\n"
        + "".join(f'- {{name: registry.example/{app}, newTag: "2.0"}}\n' for app in apps)
        + "replicas:\n"
        + "".join(f"- {{name: {app}, count: 3}}\n" for app in apps[::2])
        + "patches:\n"
        + "".join(PATCH.format(a=app) for app in apps)
    )


def measured(command):
    """Seconds of processor time and MB at the peak: medians of five runs, of one where a run is long."""
    runs = [run(command)]
    while len(runs) < 5 and runs[0][0] < 5:
        runs.append(run(command))
    return tuple(statistics.median(values) for values in zip(*runs))


def run(command):
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen(command, stdout=nowhere)
        _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command}: {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("stackc")
    arguments.add_argument("kubectl")
    arguments.add_argument("counts", type=int, nargs="+")
    arguments.add_argument("--kubectl-up-to", type=int, default=1000)
    given = arguments.parse_args()
    print("  apps  stackc             kubectl              time  memory  growth")
    last = None
    for count in given.counts:
        with tempfile.TemporaryDirectory() as name:
            write(pathlib.Path(name), count)
            time, memory = measured([given.stackc, "build", name])
            line = f"{count:6}  {time:6.3f} s {memory:5.0f} MB"
            if count <= given.kubectl_up_to:
                other, more = measured([given.kubectl, "kustomize", name])
                line += f"  {other:7.1f} s {more:5.0f} MB  {other / max(time, 0.001):4.0f}x  {more / memory:5.1f}x"
            if last:
                line += f"  {time / max(last[1], 0.001):.1f}x the time of {last[0]}"
            last = (count, time)
            print(line, flush=True)


main()
