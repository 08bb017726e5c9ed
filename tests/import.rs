//! `stackc import`: what a stack builds comes back as a stack that builds the same; what people wrote by hand becomes typed
//! where they would expect it, and says why where it does not.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use stackc::check::Demands;
use stackc::compile::{Compiled, compile};
use stackc::emit;
use stackc::source::{Sources, read_input};

use crate::stack::{Folder, Ran, carried, command};
use crate::tools::ROOT;

/// Objects by what makes them one.
type Objects = BTreeMap<String, Value>;

fn compiled(folder: &Path) -> Compiled {
    let mut sources = Sources::default();
    let input = read_input(folder, &mut sources).unwrap();
    compile(sources, input, Demands::default())
}

fn objects(run: &Compiled) -> Objects {
    let list: Value = serde_json::from_str(&emit::json(&run.objects)).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let path = |object: &Value| {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        let api = object["apiVersion"].as_str().unwrap();
        let group = api.split_once('/').map_or("", |(group, _)| group);
        // Kinds that people write are told without their group.
        let group = if ["apps", "batch"].contains(&group) { "" } else { group };
        let name = format!("{} {}/{}", object["kind"].as_str().unwrap(), text("namespace"), text("name"));
        if group.is_empty() { name } else { format!("{name} of {group}") }
    };
    let mut all = Objects::new();
    for object in items {
        let twin = all.insert(path(object), object.clone());
        assert!(twin.is_none(), "{} is there twice", path(object));
    }
    all
}

/// Imports what lies in `plain/` as the stack `home`.
fn import(folder: &Folder) -> Ran {
    folder.stackc("import plain -o home --k3s v1.37.1+k3s1")
}

/// What `import` says of an object that stays raw.
fn reason<'a>(ran: &'a Ran, object: &str) -> &'a str {
    let start = format!("    {object}: ");
    let line = ran.out.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("{object} is not among what stays raw:\n{}", ran.out))
}

/// Errors that the new stack's own files have, but for what nobody could know yet: machines, and what images run on.
fn told(run: &Compiled) -> Vec<String> {
    // The overlay has another domain than the certificates among its base's manifests; its `ingress.tls` says so.
    let unknown = ["image-platforms-unknown", "place-unknown", "place-no-node", "host-uncovered"];
    let errors = run.findings.iter().filter(|finding| finding.severity == stackc::finding::Severity::Error);
    let errors = errors.filter(|finding| !unknown.contains(&finding.code.name));
    errors
        .map(|finding| finding.message.to_string())
        .filter(|told| !told.contains("`nodes` names no machine"))
        .collect()
}

#[test]
fn what_a_stack_builds_comes_back() {
    let folder = Folder::new();
    let mut typed = 0;
    for stack in carried() {
        let before = compiled(&Path::new(ROOT).join(&stack));
        let name = before.stack.as_ref().unwrap().name.value.clone();
        let short = stack.replace('/', "-");
        let built = command(Path::new(ROOT), &format!("build {stack} -o {}", folder.at(&short).display()))
            .output()
            .unwrap();
        assert!(built.status.success());
        let release = before.stack.as_ref().unwrap().release.version();
        let ran = folder.stackc(&format!("import {short} -o {short}-again/{name} --k3s {release}"));
        assert_eq!(ran.status, 0, "{ran:?}");
        let after = compiled(&folder.at(&format!("{short}-again/{name}")));
        let (old, new) = (objects(&before), objects(&after));
        assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>(), "{stack}");
        for (id, object) in &old {
            assert_eq!(settled(object), settled(&new[id]), "{stack}: {id}");
        }
        assert_eq!(told(&after), [""; 0], "{stack}");
        typed += after.apps.len();
    }
    assert!(typed > 20, "only {typed} apps came back typed");
}

/// What a stack's own output may be once more: lists in which Kubernetes finds things by name, or takes all, have no order.
fn settled(object: &Value) -> Value {
    let mut object = object.clone();
    sort(&mut object);
    object
}

fn sort(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort),
        Value::Object(map) => {
            for (key, value) in map {
                sort(value);
                if let (Value::Array(items), "volumes" | "volumeMounts" | "matchExpressions") =
                    (value, key.as_str())
                {
                    items.sort_by_key(|item| format!("{}{}{}", item["name"], item["mountPath"], item["key"]));
                }
            }
        }
        _ => {}
    }
}

/// What stackc adds to an object that becomes typed: a key, and its value where that is always the same. Kubernetes' own
/// defaults, written out; and what `import` tells of.
fn added() -> Vec<(&'static str, Option<Value>)> {
    let defaults = [
        ("imagePullPolicy", json!("IfNotPresent")),
        ("automountServiceAccountToken", json!(true)),
        ("serviceAccountName", json!("default")),
        ("enableServiceLinks", json!(true)),
        ("replicas", json!(1)),
        ("revisionHistoryLimit", json!(10)),
        ("strategy", json!({"type": "RollingUpdate"})),
        ("updateStrategy", json!({"type": "RollingUpdate"})),
        ("type", json!("ClusterIP")),
        ("type", json!("")),
        ("path", json!("/")),
        ("operator", json!("Equal")),
        ("namespace", json!("default")),
        ("concurrencyPolicy", json!("Allow")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("objectset.rio.cattle.io/prune", json!("false")),
    ];
    let told = ["app", "app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by"];
    let told = told.into_iter().chain(["checksum/config", "targetPort", "items"]).map(|key| (key, None));
    defaults.into_iter().map(|(key, value)| (key, Some(value))).chain(told).collect()
}

/// Paths at which an object lost something, or got what nobody asked for.
fn differences(path: &str, old: &Value, new: &Value, faults: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(olds), Value::Object(news)) => {
            for (key, old) in olds {
                match news.get(key) {
                    Some(new) => differences(&format!("{path}.{key}"), old, new, faults),
                    // Nothing in it is nothing said.
                    None if old.as_array().is_some_and(Vec::is_empty) => {}
                    None if ["nodeSelector", "securityContext"].contains(&key.as_str())
                        && *old == json!({}) => {}
                    None => faults.push(format!("{path}.{key} is lost")),
                }
            }
            let nothing = json!({});
            for (key, new) in news.iter().filter(|(key, _)| !olds.contains_key(*key)) {
                match new {
                    _ if added()
                        .iter()
                        .any(|(known, value)| known == key && value.as_ref().is_none_or(|v| v == new)) => {}
                    Value::Object(_) => differences(&format!("{path}.{key}"), &nothing, new, faults),
                    _ => faults.push(format!("{path}.{key} is new: {new}")),
                }
            }
        }
        (Value::Array(olds), Value::Array(news)) if olds.len() == news.len() => {
            for (at, (old, new)) in olds.iter().zip(news).enumerate() {
                differences(&format!("{path}[{at}]"), old, new, faults);
            }
        }
        _ if old == new => {}
        _ => faults.push(format!("{path}: {old} became {new}")),
    }
}

/// The objects of YAML documents, read by stackc as manifests of a stack that has nothing else.
fn plain(folder: &Folder, others: &[&str]) -> Objects {
    let mut files = walk(&folder.at("plain"));
    files.retain(|file| !others.iter().any(|other| file.ends_with(other)));
    let stack = Folder::new().with("raw/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\n");
    for (at, file) in files.iter().enumerate() {
        stack.write(&format!("raw/manifests/f{at}.yaml"), std::fs::read(file).unwrap());
    }
    let mut all = objects(&compiled(&stack.at("raw")));
    // stackc makes namespaces that are not among the objects; an import leaves them to whoever made them.
    all.retain(|id, object| {
        !id.starts_with("Node ") && object["metadata"]["labels"]["app.kubernetes.io/managed-by"] != "stackc"
    });
    all
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Imports `plain/`, holds the new stack's objects against those of the input, and returns what was said.
fn imported(folder: &Folder) -> Ran {
    imported_but(folder, &[])
}

/// The same where some files, by their names, are left out.
fn imported_but(folder: &Folder, others: &[&str]) -> Ran {
    let ran = import(folder);
    assert_eq!(ran.status, 0, "{ran:?}");
    let run = compiled(&folder.at("home"));
    assert_eq!(told(&run), [""; 0], "{}", ran.out);
    let (old, new) = (plain(folder, others), objects(&run));
    assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>(), "{}", ran.out);
    let raw = |id: &String| {
        let name = id.split(" of ").next().unwrap().replace(" /", " ");
        ran.out.contains(&format!("    {name}: "))
    };
    for (id, object) in &old {
        let mut faults = Vec::new();
        if raw(id) {
            assert_eq!(object, &new[id], "{id} is raw");
        } else {
            differences("", &settled(object), &settled(&new[id]), &mut faults);
        }
        assert_eq!(faults, [""; 0], "{id}\n{}", ran.out);
    }
    ran
}

/// A cluster as people write it: by hand, from tutorials, in several styles.
fn cluster() -> Folder {
    let files = [
        ("plain/blog/blog.yaml", BLOG),
        ("plain/whoami.yaml", WHOAMI),
        ("plain/database.yaml", DATABASE),
        ("plain/exporter.yaml", EXPORTER),
        ("plain/backup.yml", BACKUP),
    ];
    files.into_iter().fold(Folder::new(), |folder, (path, text)| folder.with(path, text))
}

/// All in one: names on ports, a claim, a ConfigMap named as stackc would, a route with a middleware.
const BLOG: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: blog
  labels: {app: blog}
spec:
  selector:
    matchLabels: {app: blog}
  strategy: {type: Recreate}
  template:
    metadata:
      labels: {app: blog, tier: front}
      annotations: {example.org/scrape: "true"}
    spec:
      securityContext: {runAsUser: 1000, fsGroup: 1000}
      tolerations: [{key: small, operator: Exists, effect: NoSchedule}]
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms:
            - matchExpressions:
              - {key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}
              - {key: node-role.kubernetes.io/control-plane, operator: NotIn, values: ["true"]}
      initContainers:
      - name: migrate
        image: ghcr.io/example/blog:2.1
        command: [sh, -c, "migrate {{ all }}\nexit 0\n"]
        volumeMounts: [{name: data, mountPath: /data}]
      containers:
      - name: blog
        image: ghcr.io/example/blog:2.1
        args: [--config=/etc/blog/blog.toml]
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: TITLE, value: "{{ .Site }}"}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: blog, key: password}}}
        - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}
        resources: {requests: {cpu: "1", memory: 64Mi}, limits: {memory: 128Mi}}
        securityContext: {readOnlyRootFilesystem: true}
        volumeMounts:
        - {name: data, mountPath: /data}
        - {name: config, mountPath: /etc/blog}
        - {name: tmp, mountPath: /tmp}
      - name: sync
        image: ghcr.io/example/sync:1
        ports: [{containerPort: 9000}]
        livenessProbe: {tcpSocket: {port: 9000}}
        volumeMounts: [{name: data, mountPath: /srv, subPath: posts, readOnly: true}]
      volumes:
      - name: tmp
        emptyDir: {sizeLimit: 64Mi}
      - name: data
        persistentVolumeClaim: {claimName: blog-files}
      - name: config
        configMap: {name: blog-config}
---
apiVersion: v1
kind: Service
metadata: {name: blog}
spec:
  selector: {app: blog}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: blog-files}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: local-path
  resources: {requests: {storage: 10Gi}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: blog-config}
data:
  blog.toml: "title = \"{{ .Title }}\"\n"
  empty: ""
binaryData: {logo.png: iVBORw0KGgo=}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: blog}
spec:
  entryPoints: [websecure]
  routes:
  - {match: "Host(`blog.example.org`)", kind: Rule, middlewares: [{name: slow}], services: [{name: blog, port: 80}]}
  - {match: "Host(`blog.example.org`) && Method(`PUT`)", kind: Rule, services: [{name: blog, port: 80}]}
  tls: {secretName: blog-cert}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: slow}
spec: {rateLimit: {average: 5}}
"#;

/// No names on ports, a container of another name, `latest`, an Ingress; labels of today's fashion.
const WHOAMI: &str = r"# Who am I?
apiVersion: apps/v1
kind: Deployment
metadata:
  name: whoami
  namespace: tools
spec:
  replicas: 2
  selector:
    matchLabels: {app.kubernetes.io/name: whoami-web}
  template:
    metadata:
      labels: {app.kubernetes.io/name: whoami-web}
    spec:
      containers:
      - name: web
        image: traefik/whoami
        imagePullPolicy: IfNotPresent
        ports:
        - containerPort: 80
---
# how it is reached from inside
apiVersion: v1
kind: Service
metadata: {name: whoami-svc, namespace: tools}
spec:
  type: NodePort
  selector: {app.kubernetes.io/name: whoami-web}
  ports: [{port: 8000, targetPort: 80, nodePort: 30080}]
---
# and from outside
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: whoami, namespace: tools}
spec:
  rules:
  - host: whoami.example.org
    http:
      paths: [{path: /, pathType: Prefix, backend: {service: {name: whoami-svc, port: {number: 8000}}}}]
";

const DATABASE: &str = r"apiVersion: v1
kind: Service
metadata: {name: db-headless}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: postgres, port: 5432}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db-headless
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      serviceAccountName: db
      terminationGracePeriodSeconds: 120
      containers:
      - name: postgres
        image: postgres:17
        ports: [{name: postgres, containerPort: 5432}]
        envFrom: [{secretRef: {name: db}}]
        readinessProbe: {exec: {command: [pg_isready]}}
        volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data, subPath: pgdata}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      resources: {requests: {storage: 20Gi}}
";

const EXPORTER: &str = r"apiVersion: apps/v1
kind: DaemonSet
metadata: {name: exporter}
spec:
  selector: {matchLabels: {name: exporter}}
  template:
    metadata: {labels: {name: exporter}}
    spec:
      hostNetwork: true
      hostPID: true
      dnsPolicy: ClusterFirstWithHostNet
      tolerations: [{operator: Exists}]
      automountServiceAccountToken: false
      containers:
      - name: exporter
        image: quay.io/prometheus/node-exporter:v1.9.1
        args: [--path.rootfs=/host]
        ports: [{containerPort: 9100, hostPort: 9100}]
        securityContext: {privileged: true}
        volumeMounts: [{name: root, mountPath: /host, readOnly: true, mountPropagation: HostToContainer}]
      volumes: [{name: root, hostPath: {path: /}}]
";

const BACKUP: &str = r#"apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "30 3 * * *"
  timeZone: Europe/Berlin
  jobTemplate:
    spec:
      backoffLimit: 1
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: restic
            image: restic/restic:0.18.0
            args: [backup, /data]
            envFrom: [{secretRef: {name: restic}}]
            volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
          volumes: [{name: data, hostPath: {path: /srv/data, type: Directory}}]
"#;

#[test]
fn what_people_write_becomes_typed() {
    let folder = cluster();
    let before: Vec<_> = walk(&folder.at("plain")).iter().map(|file| std::fs::read(file).unwrap()).collect();
    let ran = imported(&folder);
    let after: Vec<_> = walk(&folder.at("plain")).iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(before, after, "the input is never touched");
    assert_eq!(
        folder.list("home/apps"),
        ["backup.yaml", "blog.yaml", "db.yaml", "exporter.yaml", "whoami.yaml"]
    );
    assert_eq!(folder.list("home/manifests"), ["whoami-rest.yaml"]);
    assert!(reason(&ran, "Ingress tools/whoami").contains("IngressRoute"), "{}", ran.out);
    let rest = WHOAMI.split("---\n").last().unwrap();
    assert_eq!(folder.read("home/manifests/whoami-rest.yaml"), rest, "comments stay");
    let page = std::fs::read_to_string(format!("{ROOT}/docs/import.md")).unwrap();
    let (_, told) = ran.out.split_once("nothing else does:\n").unwrap();
    let rows = told.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("    "));
    for row in rows {
        let row = row.trim().rsplit_once(" (").unwrap().0;
        assert!(page.contains(row), "docs/import.md does not tell of: {row}");
    }
    let blog = folder.read("home/apps/blog.yaml");
    for line in [
        "image: ghcr.io/example/blog:2.1\n",
        "place: {arch: [amd64, arm64], not: {role: control-plane}, tolerations: [small:NoSchedule]}\n",
        "ports: {http: {port: 80, targetPort: 8080, names: [container, service, targetPort, probes]}}\n",
        "  TITLE: \"{% raw %}{{ .Site }}{% endraw %}\"\n",
        "  /data: {pvc: {size: 10Gi, storageClass: local-path, name: blog-files}}\n",
        "  /etc/blog: {files: blog/config, name: config, readOnly: false}\n",
        "podLabels: {tier: front}\n",
        "  web: {host: blog.example.org, middlewares: [slow], tls: blog-cert}\n",
    ] {
        assert!(blog.contains(line), "{line}\n{blog}");
    }
    assert_eq!(folder.read("home/files/blog/config/blog.toml"), "title = \"{{ .Title }}\"\n");
    assert_eq!(std::fs::read(folder.at("home/files/blog/config/logo.png")).unwrap(), b"\x89PNG\r\n\x1a\n");
    let stack = folder.read("home/stack.yaml");
    for line in [
        "k3s: v1.37.1+k3s1\n# TODO: the machines",
        "namespaces: {tools: {create: false}}\n",
        "middlewares: {slow: {rateLimit: {average: 5}}}\n",
        "secrets: {blog: [password], blog-cert: {type: kubernetes.io/tls}, db: [], restic: []}\n",
        "external: [ServiceAccount/db]\n",
    ] {
        assert!(stack.contains(line), "{line}\n{stack}");
    }
}

#[test]
fn with_its_nodes_the_new_stack_builds() {
    let node = r#"apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: nuc, labels: {kubernetes.io/arch: amd64, kubernetes.io/hostname: nuc, disk: ssd}}
  status: {nodeInfo: {architecture: amd64}, addresses: [{type: InternalIP, address: 192.168.1.10}]}
- apiVersion: v1
  kind: Node
  metadata: {name: pi, labels: {kubernetes.io/arch: arm64, node-role.kubernetes.io/control-plane: "true"}}
  status: {nodeInfo: {architecture: arm64}}
"#;
    let folder = cluster().with("nodes.yaml", node);
    let ran = folder.stackc("import plain nodes.yaml -o home --k3s v1.37.1+k3s1");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(!ran.out.contains("write the machines"), "{}", ran.out);
    let stack = folder.read("home/stack.yaml");
    assert!(stack.contains("  nuc: {arch: amd64, ip: 192.168.1.10, labels: {disk: ssd}}\n  pi: {arch: arm64, roles: [control-plane]}\n"), "{stack}");
    let images = [
        "ghcr.io/example/blog",
        "ghcr.io/example/sync",
        "traefik/whoami",
        "postgres",
        "quay.io/prometheus/node-exporter",
        "restic/restic",
    ];
    let platforms: String = images.iter().map(|image| format!("  {image}: [amd64, arm64]\n")).collect();
    folder.write("home/stack.yaml", format!("{stack}platforms:\n{platforms}"));
    let built = folder.stackc("build home -o out");
    assert_eq!(built.status, 0, "{built:?}");
    // What was built is imported without a difference.
    let again = folder.stackc("import out -o again/home --k3s v1.37.1+k3s1");
    assert_eq!(again.status, 0, "{again:?}");
    assert!(!again.out.contains("what differs"), "{}", again.out);
}

/// A Deployment with something in its pod, its container, its metadata.
fn deployment(name: &str, metadata: &str, pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{metadata}}}\nspec:\n  selector: {{matchLabels: \
         {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n{pod}      containers:\n      \
         - {{name: {name}, image: \"example/{name}:1\"{container}}}\n"
    )
}

#[test]
fn what_has_no_form_stays_and_says_why() {
    for (metadata, pod, container, expected) in [
        ("", "", ", lifecycle: {preStop: {exec: {command: [bye]}}}", "containers[web].lifecycle`"),
        ("", "", ", securityContext: {runAsUser: 1}", "containers[web].securityContext`"),
        ("", "      shareProcessNamespace: true\n", "", "`spec.template.spec.shareProcessNamespace`"),
        (
            "",
            "      serviceAccountName: x\n      automountServiceAccountToken: false\n",
            "",
            "automountServiceAccountToken",
        ),
        ("", "      securityContext: {seccompProfile: {type: Unconfined}}\n", "", "spec.securityContext"),
        ("", "      volumes: [{name: x, emptyDir: {}}]\n", "", "the volume `x` is mounted nowhere"),
        (
            "",
            "      volumes: [{name: x, projected: {sources: []}}]\n",
            ", volumeMounts: [{name: x, mountPath: /x}]",
            "`x` is of a kind that apps do not have: projected",
        ),
        ("", "", ", env: [{name: A, value: \"1\"}, {name: A, value: \"2\"}]", "the variable A twice"),
        ("", "", ", livenessProbe: {httpGet: {port: 81}}", "liveness probe goes to port 81"),
        (", labels: {version: \"1\"}", "", "", "`metadata.labels.version`"),
        (", annotations: {note: x}", "", "", "`metadata.annotations.note`"),
    ] {
        let folder = Folder::new().with("plain/web.yaml", deployment("web", metadata, pod, container));
        let ran = imported(&folder);
        let told = reason(&ran, "Deployment default/web");
        assert!(told.contains(expected), "{told:?} does not say {expected:?}");
        assert_eq!(folder.read("home/manifests/web.yaml"), folder.read("plain/web.yaml"), "word for word");
    }
}

#[test]
fn what_no_app_can_be_says_why() {
    for (object, kind, expected) in [
        ("batch/v1", "Job", "a Job's pods cannot be changed"),
        ("extensions/v1beta1", "Deployment", "apps/v1"),
        ("batch/v1beta1", "CronJob", "an app makes batch/v1"),
        ("v1", "Pod", "nothing would start this pod anew"),
        ("v1", "Service", "without a selector"),
        ("example.org/v1", "Widget", "no typed form"),
    ] {
        let pod = "{containers: [{name: a, image: \"example/a:1\"}]}";
        let spec = match kind {
            "Job" => format!("{{template: {{spec: {pod}}}}}"),
            "CronJob" => {
                format!("{{schedule: \"@daily\", jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}")
            }
            "Pod" => pod.to_owned(),
            "Service" => "{type: ExternalName, externalName: nas.lan}".to_owned(),
            _ => format!("{{template: {{metadata: {{labels: {{a: b}}}}, spec: {pod}}}}}"),
        };
        let text = format!("apiVersion: {object}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n");
        let folder = Folder::new().with("plain/a.yaml", text);
        let ran = import(&folder);
        assert!(reason(&ran, &format!("{kind} default/a")).contains(expected), "{}", ran.out);
        assert_eq!(folder.read("home/manifests/a.yaml"), folder.read("plain/a.yaml"));
    }
}

#[test]
fn objects_beside_a_workload_may_stay_alone() {
    let web = deployment("web", "", "", ", ports: [{name: http, containerPort: 80}]");
    for (kind, rest, expected) in [
        (
            "Service",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, sessionAffinity: ClientIP, ports: [{port: 80}]}\n",
            "sessionAffinity",
        ),
        (
            "Service",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 81}]}\n",
            "its port 81 is none",
        ),
        (
            "Service",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {a: b}}\nspec: {selector: {app: web, other: x}, ports: [{port: 80}]}\n",
            "selector",
        ),
    ] {
        let folder = Folder::new().with("plain/web.yaml", &web).with("plain/rest.yaml", rest);
        let ran = imported(&folder);
        assert_eq!(folder.list("home/apps"), ["web.yaml"], "{}", ran.out);
        assert!(folder.read("home/apps/web.yaml").contains("ports: {http: {port: 80, service: false}}"));
        assert!(reason(&ran, &format!("{kind} default/web")).contains(expected), "{}", ran.out);
    }
}

#[test]
fn no_selector_gets_new_pods() {
    // `app: web` is no label of these pods yet, and another Service looks for it.
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {run: web}}\n  \
               template:\n    metadata: {labels: {run: web}}\n    spec: {containers: [{name: web, image: \"example/web:1\"}]}\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: old}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
    let folder = Folder::new().with("plain/web.yaml", web).with("plain/service.yaml", service);
    let ran = imported(&folder);
    assert!(reason(&ran, "Deployment default/web").contains("app=web"), "{}", ran.out);
    for chooser in [
        "kind: Service\nmetadata: {name: all}\nspec: {selector: {app.kubernetes.io/part-of: home}, ports: [{port: 80}]}\n",
        "kind: NetworkPolicy\nmetadata: {name: all}\nspec: {podSelector: {matchExpressions: [{key: app.kubernetes.io/managed-by, operator: Exists}]}}\n",
        "kind: NetworkPolicy\nmetadata: {name: all, namespace: db}\nspec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}, \
         podSelector: {matchLabels: {app: web}}}]}]}\n",
    ] {
        let api = if chooser.contains("Policy") { "networking.k8s.io/v1" } else { "v1" };
        let chooser = format!("apiVersion: {api}\n{chooser}");
        let folder = Folder::new().with("plain/web.yaml", web).with("plain/chooser.yaml", chooser);
        let ran = imported(&folder);
        assert!(reason(&ran, "Deployment default/web").contains("by which others are chosen"), "{}", ran.out);
    }
    // An expression chooses by its values, and a pod's term looks where the pod is.
    let term = |namespace: &str, values: &str| {
        let pod = format!(
            "      affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, \
             labelSelector: {{matchExpressions: [{{key: app, operator: In, values: [{values}]}}]}}}}]}}}}\n"
        );
        deployment("redis", &format!(", namespace: {namespace}"), &pod, "")
    };
    for (namespace, values, typed) in
        [("default", "redis", true), ("far", "web", true), ("default", "redis, web", false)]
    {
        let folder =
            Folder::new().with("plain/web.yaml", web).with("plain/redis.yaml", term(namespace, values));
        let ran = imported(&folder);
        assert_eq!(folder.at("home/apps/web.yaml").exists(), typed, "{namespace} {values}: {}", ran.out);
    }
    // What chooses in another namespace alone does not count.
    let far = "apiVersion: v1\nkind: Service\nmetadata: {name: old, namespace: far}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";
    let folder = Folder::new().with("plain/web.yaml", web).with("plain/service.yaml", far);
    imported(&folder);
    assert_eq!(folder.list("home/apps"), ["web.yaml"]);
    // A ServiceMonitor chooses Services, and this one not yet.
    let watched = deployment("web", "", "", ", ports: [{name: http, containerPort: 80}]");
    let watched = format!(
        "{watched}---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{{name: http, port: 80, \
         targetPort: http}}]}}\n"
    );
    let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, endpoints: []}\n";
    let folder = Folder::new().with("plain/web.yaml", watched).with("plain/monitor.yaml", monitor);
    let ran = imported(&folder);
    assert!(reason(&ran, "Service default/web").contains("metadata.labels.app"), "{}", ran.out);
    let folder = Folder::new().with("plain/web.yaml", web);
    imported(&folder);
    assert!(folder.read("home/apps/web.yaml").contains("selector: {run: web}\n"));
}

#[test]
fn secrets_never_leave_their_manifests() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {key: hunter2}\n";
    let web = deployment("web", "", "", ", envFrom: [{secretRef: {name: web}}]");
    let folder = Folder::new().with("plain/secret.yaml", secret).with("plain/web.yaml", web);
    let ran = imported(&folder);
    assert!(ran.out.contains("warning: home/manifests/secret.yaml holds Secrets"), "{}", ran.out);
    assert!(!ran.out.contains("hunter2"));
    for file in walk(&folder.at("home")) {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.contains("hunter2"), file.ends_with("secret.yaml"), "{}", file.display());
    }
    let mode = std::fs::metadata(folder.at("home/manifests/secret.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_kubectl_prints_of_the_cluster_is_taken() {
    let web = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata:\n    name: web\n    uid: 1-2\n    \
               resourceVersion: \"5\"\n    annotations: {deployment.kubernetes.io/revision: \"3\"}\n  spec:\n    progressDeadlineSeconds: 600\n    \
               selector: {matchLabels: {app: web}}\n    strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}\n    \
               template:\n      metadata: {creationTimestamp: null, labels: {app: web}}\n      spec:\n        schedulerName: default-scheduler\n        \
               containers: [{name: web, image: \"example/web:1\", terminationMessagePolicy: File}]\n  status: {replicas: 1}\n";
    let folder = Folder::new().with("plain/web.yaml", web);
    let ran = import(&folder);
    assert_eq!(folder.list("home/apps"), ["web.yaml"], "{}", ran.out);
    assert!(ran.out.contains("the cluster wrote"), "{}", ran.out);
    assert!(!folder.read("home/apps/web.yaml").contains("strategy"));
}

#[test]
fn what_controllers_wrote_is_no_ones_to_apply() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: StatefulSet\n  metadata: {name: db, uid: 1-1}\n  spec:\n    \
                serviceName: db\n    selector: {matchLabels: {app: db}}\n    template:\n      metadata: {labels: {app: db}, annotations: \
                {checksum/config: abc}}\n      spec:\n        serviceAccountName: \"\"\n        containers: [{name: db, image: \"example/db:1\", \
                ports: [{name: sql, containerPort: 5432}], env: [{name: A, valueFrom: {configMapKeyRef: {name: words, key: a}}}], volumeMounts: [{name: data, mountPath: /data}, \
                {name: old, mountPath: /old}]}]\n        volumes: [{name: old, persistentVolumeClaim: {claimName: db-old}}]\n    \
                volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: \
                [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}, status: {phase: Pending}}]\n- apiVersion: v1\n  kind: Service\n  metadata: {name: db}\n  \
                spec: {clusterIP: 10.43.0.9, clusterIPs: [10.43.0.9], selector: {app: db}, ports: [{name: sql, port: 5432}]}\n- apiVersion: v1\n  \
                kind: PersistentVolumeClaim\n  metadata: {name: db-old, uid: 1-2, finalizers: [kubernetes.io/pvc-protection], annotations: \
                {pv.kubernetes.io/bind-completed: \"yes\"}}\n  spec: {volumeName: pvc-1-2, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n\
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: words}, data: {a: b}}\n";
    let folder = Folder::new().with("plain/all.yaml", text);
    let ran = import(&folder);
    assert_eq!(folder.list("home/apps"), ["db.yaml"], "{}", ran.out);
    assert!(ran.out.contains("StatefulSet default/db, Service default/db\n"), "{}", ran.out);
    let claim = folder.read("home/manifests/all.yaml");
    for gone in ["kubernetes.io/", "volumeName", "uid"] {
        assert!(claim.contains("name: db-old") && !claim.contains(gone), "{claim}");
    }
    assert!(ran.out.contains("annotation checksum/config is stackc's own"), "{}", ran.out);
    assert!(!folder.read("home/stack.yaml").contains("ServiceAccount"), "no account has no name");
    // A volume that somebody chose stays.
    let folder = Folder::new().with("plain/all.yaml", text.replace("pvc-1-2", "mine"));
    import(&folder);
    assert!(folder.read("home/manifests/all.yaml").contains("volumeName: mine"));
}

#[test]
fn machines_tell_the_release_and_not_the_variant() {
    let node = |name: &str, arch: &str, version: &str| {
        format!(
            "apiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{nodeInfo: {{architecture: {arch}, kubeletVersion: {version}}}}}\n---\n"
        )
    };
    let (zero, nuc) = (node("zero", "arm", "v1.36.2+k3s1"), node("nuc", "amd64", "v1.36.2+k3s1"));
    let folder = Folder::new().with("plain/nodes.yaml", format!("{zero}{nuc}"));
    let ran = folder.stackc("import plain -o home");
    let text = folder.read("home/stack.yaml");
    assert!(text.contains("\nk3s: v1.36.2+k3s1\n") && !text.contains("TODO"), "{text}");
    assert!(ran.out.contains("look at zero in home/stack.yaml: arm/v7 is a guess"), "{}", ran.out);
    assert!(!ran.out.contains("look at nuc"), "{}", ran.out);
    let folder =
        Folder::new().with("plain/nodes.yaml", format!("{zero}{}", nuc.replace("v1.36.2", "v1.36.1")));
    folder.stackc("import plain -o home");
    assert!(folder.read("home/stack.yaml").contains("TODO: your release"), "two releases are none");
}

#[test]
fn middlewares_of_an_annotation_are_declared() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n    \
                   traefik.ingress.kubernetes.io/router.middlewares: default-auth@kubernetescrd, edge-slow-down@kubernetescrd, x@file\n\
                   spec: {rules: [{host: a.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: \
                   {number: 80}}}}]}}]}\n";
    let folder = Folder::new().with("plain/web.yaml", ingress);
    import(&folder);
    let text = folder.read("home/stack.yaml");
    assert!(text.contains("Middleware/default/auth, Middleware/edge/slow-down"), "{text}");
    assert!(!text.contains("Middleware/default/x") && !text.contains("Middleware/x"), "{text}");
}

#[test]
fn what_the_api_server_wrote_is_in_no_raw_manifest() {
    let own = "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: words # the name\n";
    let servers = "  uid: 1-2\n  resourceVersion: \"5\"\n  managedFields:\n  - manager: kubectl\n    fieldsV1: {}\n  annotations:\n    \
                   kubectl.kubernetes.io/last-applied-configuration: |\n      {}\n";
    let data = "data: {a: b} # data\n";
    let flow = "apiVersion: v1\nkind: Service\nmetadata: {name: outer, uid: 1-3}\nspec: {ports: [{port: 80}]}\nstatus: {loadBalancer: {}}\n";
    let folder = Folder::new().with("plain/Dump.YAML", format!("{own}{servers}{data}---\n{flow}"));
    let ran = import(&folder);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("uid, resourceVersion … (2 objects)"), "{}", ran.out);
    let text = folder.read("home/manifests/dump.yaml");
    let (first, second) = text.split_once("---\n").unwrap();
    assert_eq!(first, format!("{own}{data}"), "the words of the rest stay");
    for gone in ["uid", "status"] {
        assert!(!second.contains(gone), "{second}");
    }
    assert!(second.contains("port: 80"), "{second}");
    // A creator's null is no one's word.
    let null =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words, creationTimestamp: null} # as it is\n";
    let folder = Folder::new().with("plain/a.yaml", null);
    imported(&folder);
    assert_eq!(folder.read("home/manifests/a.yaml"), null);
}

#[test]
fn names_are_told_apart() {
    let other = deployment("web", ", namespace: other", "", "");
    let folder =
        Folder::new().with("plain/a/web.yaml", deployment("web", "", "", "")).with("plain/b/web.yaml", other);
    let ran = imported(&folder);
    assert!(
        reason(&ran, "Deployment other/web").contains("Deployment default/web is the app `web`"),
        "{}",
        ran.out
    );
    let twice = deployment("web", "", "", "") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    let folder = Folder::new().with("plain/a.yaml", &twice).with("plain/b.yaml", &twice);
    let ran = import(&folder);
    for object in ["Deployment default/web", "ConfigMap default/c"] {
        assert!(reason(&ran, object).contains("stands in the input more than once"), "{}", ran.out);
    }
    // One file by several ways is one.
    let folder = Folder::new().with("plain/a.yaml", &twice);
    std::os::unix::fs::symlink("a.yaml", folder.at("plain/b.yaml")).unwrap();
    let ran = folder.stackc("import plain/a.yaml plain ./plain -o home --k3s v1.37.1+k3s1");
    assert_eq!((ran.status, folder.list("home/apps")), (0, vec!["web.yaml".to_owned()]), "{}", ran.out);
    // A break in a name begins no line of ours.
    let named = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"x\\nnext:\"}\n";
    let ran = import(&Folder::new().with("plain/a.yaml", named));
    assert!(ran.out.contains("ConfigMap default/x\u{240a}next:: "), "{}", ran.out);
}

#[test]
fn names_lead_nowhere_else() {
    // Kubernetes takes no such names; who writes files may not either.
    for (volume, key) in
        [("../../../evil", "x"), ("conf", "../../../evil"), ("conf", "/evil"), ("conf", "a/./b")]
    {
        let pod = format!("      volumes: [{{name: {volume}, configMap: {{name: web-{volume}}}}}]\n");
        let web =
            deployment("web", "", &pod, &format!(", volumeMounts: [{{name: {volume}, mountPath: /x}}]"));
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web-{volume}}}\ndata: {{{key}: y}}\n"
        );
        let folder = Folder::new().with("plain/web.yaml", web).with("plain/b/x.yml", map);
        let ran = import(&folder);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert_eq!(folder.list("."), [".git", "home", "plain"], "{}", ran.out);
        assert!(!folder.list("home").contains(&"files".to_owned()), "{}", ran.out);
        reason(&ran, &format!("ConfigMap default/web-{volume}"));
    }
}

/// All that `tests/kustomize` builds: many objects that nobody wrote with stackc in mind.
#[test]
fn every_kustomization_comes_back() {
    let folder = Folder::new();
    let (mut done, mut typed, mut faults) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(format!("{ROOT}/tests/kustomize")).unwrap() {
        let case = entry.unwrap().path();
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let built = command(&case, "build .").output().unwrap();
        if !built.status.success() || built.stdout.is_empty() {
            continue;
        }
        folder.write(&format!("{name}/raw/stack.yaml"), "stackc: 1\nk3s: v1.37.1+k3s1\n");
        folder.write(&format!("{name}/raw/manifests/all.yaml"), built.stdout);
        let old = compiled(&folder.at(&format!("{name}/raw")));
        // Nodes become `nodes`; one name with and without the namespace `default` is one object.
        let mut keys: Vec<_> = old.objects.iter().map(|object| object.id.key()).collect();
        keys.sort_unstable();
        if old.objects.iter().any(|object| object.id.kind == "Node")
            || keys.windows(2).any(|pair| pair[0] == pair[1])
        {
            continue;
        }
        let ran = folder.stackc(&format!("import {} -o {name}/home --k3s v1.37.1+k3s1", case.display()));
        assert_eq!(ran.status, 0, "{name}: {ran:?}");
        let run = compiled(&folder.at(&format!("{name}/home")));
        let (mut old, new) = (objects(&old), objects(&run));
        let made = |object: &Value| object["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "stackc";
        old.retain(|id, object| !id.starts_with("Namespace") || !made(object));
        assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>(), "{name}\n{}", ran.out);
        for (id, object) in &old {
            let mut own = Vec::new();
            differences("", &settled(object), &settled(&new[id]), &mut own);
            faults.extend(own.into_iter().map(|fault| format!("{name}: {id}{fault}")));
        }
        done += 1;
        typed += run.apps.len();
    }
    assert_eq!(faults, [""; 0]);
    assert!(done > 100 && typed > 50, "{done} folders, {typed} apps");
}

#[test]
fn documents_are_parted_where_they_are_however_the_line_goes_on() {
    let map = |name: &str| format!("apiVersion: v1\nkind: ConfigMap # {name}\nmetadata: {{name: {name}}}\n");
    let web = deployment("web", "", "", "");
    for (first, second, third) in [
        ("--- # settings\n", "--- # the web\n", "---\t# more\n"),
        ("---\n", "---   \n", "--- #\n"),
        ("# top\n---\r\n", "---\r\n", "---\r\n"),
    ] {
        let text = format!("{first}{}{second}{web}{third}{}", map("a"), map("b"));
        let folder = Folder::new().with("plain/all.yaml", text);
        imported(&folder);
        assert_eq!(folder.list("home/apps"), ["web.yaml"]);
        assert_eq!(folder.read("home/manifests/all.yaml"), format!("{}---\n{}", map("a"), map("b")));
    }
}

#[test]
fn what_is_left_of_a_list_is_kept() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: \"1\"}}\n- apiVersion: apps/v1\n  \
                kind: Deployment\n  metadata: {name: web}\n  spec:\n    selector: {matchLabels: {app: web}}\n    template:\n      \
                metadata: {labels: {app: web}}\n      spec: {containers: [{name: web, image: \"example/web:1\"}]}\n";
    let folder = Folder::new().with("plain/all.yaml", list);
    imported(&folder);
    assert_eq!(folder.list("home/apps"), ["web.yaml"]);
    let rest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: default\ndata:\n  x: \"1\"\n";
    assert_eq!(folder.read("home/manifests/all.yaml"), rest);
}

#[test]
fn a_kustomization_is_built_first() {
    let base = deployment(
        "web",
        "",
        "",
        ", ports: [{name: http, containerPort: 8080}], envFrom: [{configMapRef: {name: settings}}]",
    );
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}\n";
    let folder = Folder::new()
        .with("kustom/base/web.yaml", base)
        .with("kustom/base/service.yaml", service)
        .with("kustom/base/kustomization.yaml", "resources: [web.yaml, service.yaml]\n")
        .with(
            "kustom/prod/kustomization.yaml",
            "resources: [../base, role.yaml]\nnamespace: shop\nimages: [{name: example/web, newTag: \"2\"}]\nreplicas: [{name: web, count: 3}]\n\
             configMapGenerator: [{name: settings, literals: [A=1]}]\nsecretGenerator: [{name: token, literals: [t=1]}]\n",
        )
        .with("kustom/prod/role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\nrules: []\n");
    let ran = folder.stackc("import kustom/prod -o home --k3s v1.37.1+k3s1");
    assert_eq!(ran.status, 0, "{ran:?}");
    let app = folder.read("home/apps/web.yaml");
    assert!(app.contains("image: example/web:2\nreplicas: 3\n"), "{app}");
    assert!(folder.read("home/stack.yaml").contains("namespace: shop\n"));
    assert_eq!(
        folder.list("home/manifests"),
        ["generated-secrets.yaml", "generated.yaml", "role.yaml"],
        "{}",
        ran.out
    );
    let mode = |path: &str| std::fs::metadata(folder.at(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("home/manifests/generated-secrets.yaml"), 0o600);
    assert_ne!(mode("home/manifests/generated.yaml"), 0o600);
    let built = folder.stackc("build kustom/prod");
    let run = compiled(&folder.at("home"));
    let new = objects(&run);
    assert_eq!(told(&run), [""; 0], "{}", ran.out);
    let plain = Folder::new()
        .with("raw/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\n")
        .with("raw/manifests/all.yaml", built.out);
    let mut old = objects(&compiled(&plain.at("raw")));
    old.retain(|id, _| !id.starts_with("Namespace"));
    assert_eq!(old.keys().collect::<Vec<_>>(), new.keys().collect::<Vec<_>>());
    for (id, object) in &old {
        let mut faults = Vec::new();
        differences("", object, &new[id], &mut faults);
        assert_eq!(faults, [""; 0], "{id}");
    }
    let folder = Folder::new().with("plain/kustomization.yaml", "resources: [gone.yaml]\n");
    let ran = import(&folder);
    assert_eq!((ran.status, folder.at("home").exists()), (1, false), "{ran:?}");
    assert!(ran.out.contains("plain/kustomization.yaml:1:13"), "{}", ran.out);
}

#[test]
fn bad_input_is_told_with_its_place() {
    let folder = Folder::new().with("plain/web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {}\n");
    let ran = import(&folder);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("plain/web.yaml:3:11"), "{}", ran.out);
    assert!(!folder.at("home").exists());
    for (path, text, expected) in [
        ("plain/x.yaml", "a: [b\n", "plain/x.yaml:1:"),
        ("plain/Chart.yaml", "name: x\n", "helm template NAME plain | stackc import - -o DIR"),
        ("plain/a/kustomization.yaml", "resources: []\n", "stackc import plain/a"),
        ("plain/x.txt", "", "plain holds no .yaml"),
    ] {
        let folder = Folder::new().with(path, text);
        let ran = import(&folder);
        assert_eq!((ran.status, folder.at("home").exists()), (1, false), "{ran:?}");
        assert!(ran.out.contains(expected), "{}", ran.out);
    }
}

#[test]
fn what_is_none_of_it_is_left_out_and_told() {
    let values = "image: {repository: nginx}\n";
    let folder = cluster().with("plain/blog/values.yaml", values).with("plain/package.json", "[1]");
    let ran = imported_but(&folder, &["values.yaml", "package.json"]);
    for path in ["plain/blog/values.yaml", "plain/package.json"] {
        assert!(ran.out.contains(&format!("  {path}: no Kubernetes object")), "{}", ran.out);
    }
    // Of a file that somebody names, or that holds an object as well, that is no answer.
    let ran = folder.stackc("import plain/blog/values.yaml -o other");
    assert_eq!((ran.status, folder.at("other").exists()), (1, false), "{ran:?}");
    let folder = Folder::new().with("plain/a.yaml", format!("{values}---\n{WHOAMI}"));
    let ran = import(&folder);
    assert_eq!((ran.status, folder.at("home").exists()), (1, false), "{ran:?}");
    // Nothing but that is nothing.
    for text in [values, "# nothing\n", "---\n---\n", "apiVersion: v1\nkind: List\nitems: []\n"] {
        let folder = Folder::new().with("plain/values.yaml", text);
        let ran = import(&folder);
        assert_eq!((ran.status, folder.at("home").exists()), (2, false), "{ran:?}");
        assert!(ran.err.contains("plain: no Kubernetes object is in here"), "{}", ran.err);
    }
}

#[test]
fn a_stack_is_no_input() {
    let folder = cluster();
    std::fs::create_dir(folder.at("plain/.git")).unwrap();
    let within = |arguments: &str| Ran::of(&mut command(&folder.at("plain"), arguments));
    assert_eq!(within("import . --k3s v1.37.1+k3s1").status, 0);
    let ran = within("import . -o stacks/two --k3s v1.37.1+k3s1");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("  stacks/plain: a stack already"), "{}", ran.out);
    assert_eq!(folder.list("plain/stacks/two/apps"), folder.list("plain/stacks/plain/apps"));
    let ran = within("import stacks/two -o three");
    assert_eq!((ran.status, folder.at("plain/three").exists()), (2, false), "{ran:?}");
    assert!(ran.err.contains("stacks/two: a stack already"), "{}", ran.err);
}

#[test]
fn a_stream_is_taken() {
    let folder = Folder::new();
    let web = deployment("web", "", "", "") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
    let mut command = folder.command("import - -o home --k3s v1.37.1+k3s1");
    folder.write("stream", &web);
    let ran = Ran::of(command.stdin(std::fs::File::open(folder.at("stream")).unwrap()));
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(
        (folder.list("home/apps"), folder.list("home/manifests")),
        (vec!["web.yaml".into()], vec!["all.yaml".into()])
    );
    let ran = folder.stackc("import - -o other");
    assert_eq!((ran.status, folder.at("other").exists()), (2, false), "{ran:?}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = cluster().with("home/mine.txt", "mine");
    let ran = import(&folder);
    assert_eq!((ran.status, folder.list("home")), (2, vec!["mine.txt".to_owned()]), "{ran:?}");
    assert!(ran.err.contains("home is not empty"), "{}", ran.err);
    // Nor does the folder of a shell go from under it; a link stays one.
    std::fs::create_dir(folder.at("empty")).unwrap();
    let ran = Ran::of(&mut command(&folder.at("empty"), "import ../plain -o . --name x"));
    assert_eq!((ran.status, folder.list("empty").len()), (2, 0), "{ran:?}");
    assert!(ran.err.contains("is the folder in which you are"), "{}", ran.err);
    std::os::unix::fs::symlink("empty", folder.at("link")).unwrap();
    let ran = folder.stackc("import plain -o link --k3s v1.37.1+k3s1");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(folder.at("link").is_symlink() && folder.at("empty/stack.yaml").exists());
    let ran = folder.stackc("import plain --k3s 1.37");
    assert_eq!(ran.status, 2, "{ran:?}");
    let ran = folder.stackc("import plain");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(folder.at("stacks/plain/stack.yaml").exists());
    assert!(folder.read("stacks/plain/stack.yaml").contains("# TODO: your release"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = cluster();
    for to in ["one/home", "two/home"] {
        assert_eq!(folder.stackc(&format!("import plain -o {to} --k3s v1.37.1+k3s1")).status, 0);
    }
    let files = |top: &str| -> Vec<(String, Vec<u8>)> {
        let top = folder.at(top);
        let all = walk(&top).into_iter();
        all.map(|file| {
            (file.strip_prefix(&top).unwrap().display().to_string(), std::fs::read(&file).unwrap())
        })
        .collect()
    };
    assert_eq!(files("one"), files("two"));
}
