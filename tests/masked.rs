//! What is secret by its name, its form or its place is shown by no form of output, whatever else is wrong on its line.

use crate::stack::{APP, Folder, STACK};

const FORMS: [&str; 6] = ["text", "short", "json", "sarif", "github", "junit"];

/// Keys of an app, each with an error beside the value or in it.
const APPS: [&str; 29] = [
    "env: {API_SECRET: Zq7HUNTER2x9, \"A B\": x}",
    "env: {DB_PASSWORD: \"HUNTER0b4dor*3\", \"A B\": x}",
    "env: {DB_PASSWORD: {valu: HUNTER2}}",
    "env: {DB_PASSWORD: [HUNTER2]}",
    "env:\n  DB_PASSWORD:\n    valu: HUNTER2",
    "env:\n  DB_PASSWORD HUNTER2",
    "env: {DB_PASSWORD: \"HUNTER2{{ nope }}\"}",
    "env: {DB_PASSWORD: \"HUNTER2{{\"}",
    "env: {DB_PASSWORD: \"{{ HUNTER2 }}\"}",
    "env: {\"DB_PASSWORD=HUNTER2\": x}",
    "env: {DB_PASSWORD: {secret: Zq7HUNTER2x9}, \"A B\": x, C_TOKEN: HUNTER2}",
    "env: {GIT: ghp_HUNTER2abcdefghijABCDEFGHIJ0123456789, \"A B\": x}",
    "env: {DSN: \"amqp://u:HUNTER2@mq/\", \"A B\": x}",
    "args: \"--password=HUNTER2\"",
    "command: \"server --password=HUNTER2\"",
    "command: \"server --password HUNTER2 -v\"",
    "args: [\"-pHUNTER2x9\", \"--db-password\", HUNTER2, [x]]",
    "args: [\"--header=Authorization: Bearer HUNTER2\", [x]]",
    "probes: {liveness: {exec: [redis-cli, -a, HUNTER2, ping], x: y}}",
    "probes: {liveness: {httpGet: {path: /, port: http, httpHeaders: [{name: Authorization, value: \"Bearer HUNTER2\"}]}, x: y}}",
    "labels: {password: \"HUNTER2 x\"}",
    "volumes: {/a: {nfs: \"u:HUNTER2@srv:/x\"}, /b: {x: y}}",
    "annotations: {a: \"https://u:HUNTER2@srv/x\", \"b b\": c}",
    "password: HUNTER2",
    "envs: {DB_PASSWORD: HUNTER2}",
    "envFrom: [{file: a.env}]",
    "envFrom: [{file: b.env.j2}]",
    "volumes: {/a: {file: c.ini.j2}}",
    "volumes: {/a: {file: .pgpass.j2}}",
];

/// The files that they name.
const FILES: [(&str, &str); 4] = [
    ("a.env", "A=b\nDB_PASSWORD HUNTER2\nHUNTER2\nDB PASSWORD=HUNTER2\n"),
    ("b.env.j2", "DB_PASSWORD=HUNTER2{{ nope }}\n"),
    ("c.ini.j2", "password=HUNTER2{% bad\n"),
    (".pgpass.j2", "h:5432:d:u:HUNTER2{{ x.y }}\n"),
];

/// Whole files of a stack.
const OTHERS: [(&str, &str); 16] = [
    ("apps/web.yaml", "kind: app\nimage: \"https://u:HUNTER2@registry.example/web:1\"\n"),
    ("apps/web.yaml", "kind: app\nimage: \"u:HUNTER2@registry.example/web:1\"\n"),
    ("apps/web.yaml", "kind: minio\nimage: registry.example/web:1\nrootPassword: HUNTER2\n"),
    (
        "manifests/a.yaml",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: x, namespace: kube-system}\n\
         spec: {chart: x, repo: 'https://u:HUNTER2@charts.example.org'}\n",
    ),
    ("manifests/a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {'HUNTER2 x': y}\n"),
    (
        "manifests/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {password: [HUNTER2]}\n",
    ),
    (
        "manifests/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: registry.example/web:1.0\n    \
         env: [{name: DB_PASSWORD, value: [HUNTER2]}]\n",
    ),
    (
        "manifests/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: registry.example/web:1.0\n    \
         env: [{value: [HUNTER2], name: DB_PASSWORD}]\n",
    ),
    (
        "manifests/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    image: registry.example/web:1.0\n    \
         args: [[--password], --password, HUNTER2, 8231234567]\n",
    ),
    ("manifests/kustomization.yaml", "secretGenerator: [{name: a, literals: [\"bad key=HUNTER2\"]}]\n"),
    ("manifests/kustomization.yaml", "secretGenerator: [{name: a, literals: [HUNTER2]}]\n"),
    ("manifests/kustomization.yaml", "configMapGenerator: [{name: a, literals: [HUNTER2]}]\n"),
    ("manifests/kustomization.yaml", "configMapGenerator: [{name: a, envs: [a.txt]}]\n"),
    (
        "manifests/kustomization.yaml",
        "patches:\n- target: {kind: Secret, name: a}\n  patch: |\n    - op: replace\n      path: /stringData/a\n      value: HUNTER2: x\n",
    ),
    (
        "manifests/kustomization.yaml",
        "patches: [{target: {kind: Secret, name: a}, patch: '[{op: replace, path: /stringData/a, valu: HUNTER2}]'}]\n",
    ),
    (
        "manifests/a.json",
        "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"stringData\": {\"a\": \"HUNTER2\", \"b\":}",
    ),
];

/// Lines of stack.yaml, and an app's that make something be said of them.
const STACKS: [(&str, &str); 7] = [
    ("middlewares: {b: {basicAuth: {users: [\"admin:HUNTER2\"]}}}", "x: y"),
    ("secrets: {db: [\"password=HUNTER2\"]}", "env: {A: {secret: db, key: b}}"),
    ("secrets: {db: [\"password: HUNTER2\"]}", "env: {A: {secret: db, key: b}}"),
    ("secrets: {db: {keys: [\"password=HUNTER2\"]}}", "env: {A: {secret: db, key: b}}"),
    ("secrets: {db: HUNTER2}", ""),
    ("vars: {db_password: HUNTER2}", "replicas: \"{{ db_password }}\""),
    ("ingress: {values: {env: [{name: CF_DNS_API_TOKEN, value: HUNTER2}]}}", "x: y"),
];

fn shows_nothing(folder: &Folder, what: &str) {
    for form in FORMS {
        for command in ["check", "build"] {
            let ran = folder.stackc(&format!("{command} demo --format {form}"));
            let told = if command == "check" { format!("{}{}", ran.out, ran.err) } else { ran.err };
            assert!(!told.is_empty() && !told.contains("HUNTER"), "{what}\n{told}");
        }
    }
}

#[test]
fn values_beside_errors() {
    for lines in APPS {
        let folder = Folder::demo().with("demo/apps/web.yaml", format!("{APP}{lines}\n"));
        for (path, text) in FILES {
            folder.write(&format!("demo/files/{path}"), text);
        }
        assert_eq!(folder.stackc("check demo").status, 1, "{lines}");
        shows_nothing(&folder, lines);
    }
    for (path, text) in OTHERS {
        let folder = Folder::demo().with("demo/manifests/a.txt", "PASSWORD HUNTER2\n");
        folder.write(&format!("demo/{path}"), text);
        shows_nothing(&folder, text);
    }
    for (line, app) in STACKS {
        let stack = STACK.lines().filter(|own| own.split(':').next() != line.split(':').next());
        let stack: Vec<&str> = stack.chain([line]).collect();
        let folder = Folder::demo().with("demo/stack.yaml", format!("{}\n", stack.join("\n")));
        folder.write("demo/apps/web.yaml", format!("{APP}{app}\n"));
        shows_nothing(&folder, line);
    }
}

/// Values that findings warn of, or that nothing is wrong with.
#[test]
fn values_in_a_diff() {
    let app = "args: [\"--header=Authorization: Bearer HUNTER2\", \"-pHUNTER2x9\", --password, HUNTER2]\n\
               ports: {http: 80}\nprobes: {liveness: {httpGet: {path: /, port: http, httpHeaders: [{name: Authorization, value: \"Bearer HUNTER2\"}]}}, \
               readiness: {exec: [redis-cli, -a, HUNTER2, ping]}}\nvolumes: {/a: {nfs: \"u:HUNTER2@srv:/x\"}}\n\
               env: {S3_SECRET: Zq7HUNTER2x9, DB_PASSWORD: HUNTER2}\n";
    let data = "  a.xml: <db><password>HUNTER2</password></db>\n  netrc: machine h login u password HUNTER2\n  \
                .pgpass: h:5432:d:u:HUNTER2\n  htpasswd: me:$2y$05$HUNTER2bcdefghijklmnopqrstuvwxyzabcdefghijklm\n  \
                config.json: '{\"auths\":{\"r\":{\"auth\":\"bWU6HUNTER2x9==\"}}}'\n  \
                nginx.conf: proxy_set_header Authorization \"Basic dXNlHUNTER2ODW50ZXIy\";\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n";
    let middleware = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: a}\n\
                      spec: {headers: {customRequestHeaders: {Authorization: Bearer HUNTER2}}}\n";
    let folder = Folder::demo().with("empty/x", "");
    folder.write("demo/apps/web.yaml", format!("{APP}{app}"));
    folder.write("demo/manifests/a.yaml", format!("{map}{data}---\n{middleware}"));
    let built = folder.stackc("build demo -o old");
    assert_eq!(built.status, 0, "{}", built.err);
    let other = |text: &str| text.replace("HUNTER2", "HUNTER3");
    for form in ["text", "markdown", "json"] {
        let ran = folder.stackc(&format!("diff demo --against empty --format {form}"));
        assert!(ran.out.contains("not shown") && !ran.out.contains("HUNTER"), "{}{}", ran.out, ran.err);
    }
    folder.write("demo/apps/web.yaml", other(&format!("{APP}{app}")));
    folder.write("demo/manifests/a.yaml", other(&format!("{map}{data}---\n{middleware}")));
    for form in ["text", "markdown", "json"] {
        let ran = folder.stackc(&format!("diff demo --against old --format {form}"));
        assert!(
            ran.out.contains("customRequestHeaders") && !ran.out.contains("HUNTER"),
            "{}{}",
            ran.out,
            ran.err
        );
    }
}
