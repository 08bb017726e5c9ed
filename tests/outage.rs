//! `stackc nodes --down`, `--each` and `--labels`: what people and machines are told when a node dies, and what to paste.

use serde_json::Value;

use crate::stack::{Folder, Ran};
use crate::tools::ROOT;

/// A stack with these lines below `stackc` and `k3s`, and these apps.
fn stack(lines: &str, apps: &[(&str, &str)]) -> Folder {
    let platforms = "platforms: {registry.example/web: [amd64]}\n";
    let folder =
        Folder::new().with("demo/stack.yaml", format!("stackc: 1\nk3s: v1.37.1+k3s1\n{lines}{platforms}"));
    for (name, text) in apps {
        folder.write(
            &format!("demo/apps/{name}.yaml"),
            format!("kind: app\nimage: registry.example/web:1.0\n{text}"),
        );
    }
    folder
}

fn nodes(folder: &Folder, arguments: &str) -> Ran {
    folder.stackc(&format!("nodes demo {arguments}"))
}

/// What is told of one node, in JSON.
fn down(folder: &Folder, node: &str) -> Value {
    let ran = nodes(folder, &format!("--down {node} --format json"));
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["version"], 1);
    report["outages"][0].clone()
}

/// `NAME FATE` of each workload.
fn fates(outage: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let workloads = outage["workloads"].as_array().unwrap().iter();
    workloads
        .map(|one| {
            format!("{} {}", text(&one["workload"]).replace("Deployment default/", ""), text(&one["fate"]))
        })
        .collect()
}

const THREE: &str = "nodes:\n  alpha: {arch: amd64, cpu: 2, memory: 2Gi}\n  beta: {arch: amd64, cpu: 2, memory: 2Gi}\n  \
                     gamma: {arch: amd64, cpu: 2, memory: 2Gi}\n";

#[test]
fn what_people_read() {
    let lines = "vars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64, cpu: 2, memory: 2Gi, publicIP: 203.0.113.1, roles: [control-plane]}\n  \
                 beta: {arch: amd64, cpu: 2, memory: 2Gi, publicIP: 203.0.113.2}\n";
    let apps = [
        (
            "db",
            "place: {node: beta}\nvolumes: {/data: {hostPath: /srv/db}}\nports: {http: 80}\nroutes: {web: db.example.org}\nresources: {memory: 1500Mi}\n",
        ),
        (
            "web",
            "place: {node: [alpha, beta]}\nports: {http: 80}\nroutes: {web: web.example.org}\nresources: {memory: 1900Mi}\n",
        ),
    ];
    let ran = nodes(&stack(lines, &apps), "--down beta");
    let expected = "\
when beta dies:
  stops:
    Deployment default/db
  moves:
    Deployment default/web  to alpha
  data out of reach:
    /srv/db  of Deployment default/db
  names:
    db.example.org  answers with an error: Deployment default/db stops
  a name that points at 203.0.113.2 (beta) alone points nowhere; others answer: 203.0.113.1 (alpha)
  the rest fits the other nodes
";
    assert_eq!((ran.status, ran.err.as_str(), ran.out.as_str()), (0, "", expected));
    let ran = nodes(&stack(lines, &apps), "--each");
    assert!(
        ran.out.contains(expected) && ran.out.starts_with("when alpha dies:\n  it is the only server"),
        "{}",
        ran.out
    );
}

#[test]
fn the_rest_may_not_fit() {
    let asks = |name, memory: &str| (name, format!("resources: {{memory: {memory}}}\n"));
    let apps = [asks("a", "1500Mi"), asks("b", "1500Mi"), asks("c", "1Gi")];
    let apps: Vec<(&str, &str)> = apps.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = stack(THREE, &apps);
    let outage = down(&folder, "alpha");
    assert_eq!(outage["rest_fits"], false);
    assert!(outage["who_asks"][0].as_str().unwrap().contains("1500Mi"), "{outage}");
    let text = nodes(&folder, "--down alpha").out;
    assert!(text.contains("  the rest does not fit the other nodes: "), "{text}");
    assert_eq!(down(&stack(THREE, &apps[..2]), "alpha")["rest_fits"], true);
    let endless = stack("nodes: {alpha: {arch: amd64}, beta: {arch: amd64}}\n", &apps);
    let ran = nodes(&endless, "--down alpha");
    assert!(
        ran.out
            .ends_with("\nwithout `cpu` and `memory` in stack.yaml, and counted as endless: alpha, beta\n"),
        "{}",
        ran.out
    );
}

#[test]
fn what_lies_on_the_node() {
    let folder = stack(
        THREE,
        &[
            ("folder", "place: {node: [alpha, beta]}\nvolumes: {/data: {hostPath: /srv/data}}\n"),
            ("claim", "volumes: {/data: {pvc: 1Gi}}\n"),
            ("bound", "volumes: {/films: {claim: films}}\n"),
            ("reader", "place: {node: alpha}\nvolumes: {/data: {hostPath: /srv/data, readOnly: true}}\n"),
            ("agent", "workload: DaemonSet\nvolumes: {/spool: {hostPath: /var/spool/agent}}\n"),
        ],
    );
    folder.write(
        "demo/manifests/films.yaml",
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: films}\nspec:\n  capacity: {storage: 1Ti}\n  accessModes: [ReadWriteOnce]\n  \
         storageClassName: ''\n  claimRef: {namespace: default, name: films}\n  local: {path: /srv/films}\n  nodeAffinity: {required: \
         {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [alpha]}]}]}}\n---\napiVersion: v1\nkind: \
         PersistentVolumeClaim\nmetadata: {name: films, namespace: default}\nspec: {accessModes: [ReadWriteOnce], storageClassName: '', \
         resources: {requests: {storage: 1Ti}}}\n",
    );
    let outage = down(&folder, "alpha");
    assert_eq!(fates(&outage), ["bound stops", "claim may-stop", "folder moves", "reader stops"]);
    let data = outage["data"].as_array().unwrap().iter();
    let mut data: Vec<String> =
        data.map(|one| format!("{} {}", one["what"].as_str().unwrap(), one["certain"])).collect();
    data.sort();
    assert_eq!(data, ["/srv/data false", "/var/spool/agent true", "claim-data false", "films true"]);
    assert_eq!(fates(&down(&folder, "beta")), ["claim may-stop", "folder moves"], "the films are not there");
}

#[test]
fn who_moves_pods() {
    let with = |roles: [&str; 3]| {
        let [a, b, c] = roles;
        let nodes = format!(
            "nodes: {{alpha: {{arch: amd64, roles: [{a}]}}, beta: {{arch: amd64, roles: [{b}]}}, gamma: {{arch: amd64, roles: [{c}]}}}}\n"
        );
        down(&stack(&nodes, &[("web", "")]), "alpha")
    };
    let server = "control-plane, etcd";
    assert_eq!(fates(&with([server, server, server])), ["web moves"]);
    assert_eq!(fates(&with([server, server, ""])), ["web may-stop"], "two of etcd's members are one too few");
    assert_eq!(fates(&with([server, "", ""])), ["web may-stop"]);
    assert_eq!(fates(&with(["", server, ""])), ["web moves"]);
    assert_eq!(fates(&with(["", "", ""])), ["web moves"], "nobody is said to be a server");
}

#[test]
fn pods_that_nobody_starts_anew() {
    let folder = stack(
        THREE,
        &[
            ("set", "workload: StatefulSet\nports: {http: 80}\n"),
            (
                "web",
                "ports: {http: 80}\nroutes: {web: web.example.org}\nplace: {tolerations: [{operator: Exists}]}\n",
            ),
            (
                "patient",
                "place: {tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]}\n",
            ),
        ],
    );
    folder.write(
        "demo/manifests/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: bare}\nspec: {containers: [{name: a, image: \"registry.example/web:1.0\"}]}\n",
    );
    let outage = down(&folder, "alpha");
    assert_eq!(
        fates(&outage),
        ["patient moves", "Pod default/bare may-stop", "StatefulSet default/set may-stop", "web may-stop"]
    );
    assert_eq!(outage["names"][0]["why"], "answers with an error, if Deployment default/web runs there");
    let alone = stack("nodes:\n  alpha: {arch: amd64}\n", &[("web", "")]);
    assert!(nodes(&alone, "--down alpha").out.contains("there is no other node"));
}

#[test]
fn which_names_point_nowhere() {
    let route = [("web", "ports: {http: 80}\nroutes: {web: web.example.org}\n")];
    let names = |lines: &str, node: &str| {
        let outage = down(&stack(&format!("vars: {{domain: example.org}}\n{lines}"), &route), node);
        let dark: Vec<_> = outage["names"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["why"].as_str().unwrap().to_owned())
            .collect();
        (dark, outage["doors"].as_str().unwrap_or_default().to_owned())
    };
    let two = |alpha: &str, beta: &str, ingress: &str| {
        format!("nodes: {{alpha: {{arch: amd64{alpha}}}, beta: {{arch: amd64{beta}}}}}\n{ingress}")
    };
    let dark = vec!["points nowhere".to_owned()];
    let place = "ingress: {place: {node: alpha}}\n";
    assert_eq!(names(&two("", "", place), "alpha"), (dark.clone(), "Traefik has no other node".to_owned()));
    assert_eq!(names(&two("", "", place), "beta"), (vec![], String::new()), "Traefik is elsewhere");
    let (none, doors) = names(&two("", "", ""), "beta");
    assert_eq!(none, [""; 0]);
    assert_eq!(doors, "a name that points at beta alone points nowhere; others answer: alpha");
    let public = ", publicIP: 203.0.113.1";
    assert_eq!(
        names(&two(public, "", ""), "alpha"),
        (dark, "no other node that answers has a publicIP".to_owned())
    );
    assert_eq!(names(&two(public, "", ""), "beta"), (vec![], String::new()), "the world never came by beta");
}

#[test]
fn every_kind_of_route_has_names() {
    let folder = stack(
        "nodes: {alpha: {arch: amd64}, beta: {arch: amd64}}\n",
        &[("web", "place: {node: alpha}\nports: {http: 80}\n")],
    );
    folder.write(
        "demo/manifests/routes.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, namespace: default}\nspec: {rules: [{host: a.example.org, http: {paths: \
         [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}\n---\napiVersion: traefik.io/v1alpha1\nkind: \
         IngressRouteTCP\nmetadata: {name: b, namespace: default}\nspec: {entryPoints: [websecure], routes: [{match: HostSNI(`b.example.org`), services: \
         [{name: web, port: 80}]}], tls: {passthrough: true}}\n",
    );
    let outage = down(&folder, "alpha");
    let hosts: Vec<_> =
        outage["names"].as_array().unwrap().iter().map(|one| one["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["a.example.org", "b.example.org"]);
}

#[test]
fn wrong_usage_says_what_is_right() {
    let folder = stack(THREE, &[("web", "")]);
    for (arguments, message) in [
        ("--down alhpa", "stackc: no node is called `alhpa`: did you mean `alpha`?\n"),
        (
            "--down somewhere",
            "stackc: no node is called `somewhere`: the nodes are `alpha`, `beta` or `gamma`\n",
        ),
    ] {
        let ran = nodes(&folder, arguments);
        assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (2, "", message));
    }
    for both in ["--down alpha --each", "--each --labels", "--down alpha --labels"] {
        assert_eq!(nodes(&folder, both).status, 2, "{both}");
    }
}

#[test]
fn labels_that_k3s_does_not_set() {
    let lines = "nodes:\n  alpha: {arch: amd64, roles: [control-plane, etcd, s3], labels: {disk: ssd, kubernetes.io/hostname: alpha}}\n  \
                 beta: {arch: arm64, labels: {topology.kubernetes.io/zone: attic, node-role.kubernetes.io/dns: 'yes'}}\n  gamma: {arch: amd64}\n";
    let folder = stack(lines, &[("web", "place: {arch: amd64}\n")]);
    let ran = nodes(&folder, "--labels");
    let expected = "\
# k3s does not start with these in its own node-label: set them once, from where kubectl works
kubectl label node alpha --overwrite node-role.kubernetes.io/s3=true
kubectl label node beta --overwrite node-role.kubernetes.io/dns=yes
# these may stand in a node's /etc/rancher/k3s/config.yaml (node-label) before its first start, or be set now
kubectl label node alpha --overwrite disk=ssd
kubectl label node beta --overwrite topology.kubernetes.io/zone=attic
";
    assert_eq!((ran.status, ran.out.as_str()), (0, expected));
    let ran = nodes(&folder, "--labels --format json");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["nodes"][0]["labels"][1]["kubectl_only"], true);
    assert_eq!(report["nodes"].as_array().unwrap().len(), 2);
}

/// A line to paste must not do something else than it says.
#[test]
fn a_name_that_is_none_makes_no_line() {
    let lines = "nodes:\n  'a; reboot': {arch: amd64, roles: [s3]}\n  beta: {arch: amd64, roles: ['x; reboot'], labels: {disk: 'a; reboot'}}\n";
    let ran = nodes(&stack(lines, &[]), "--labels");
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (1, "# k3s sets every label that stack.yaml names by itself\n")
    );
}

#[test]
fn the_carried_stacks_answer_for_every_node() {
    for stack in
        ["stacks/oracle", "stacks/homelab", "tests/stacks/apps", "tests/stacks/general", "tests/stacks/kinds"]
    {
        let ran =
            Ran::of(&mut crate::stack::command(std::path::Path::new(ROOT), &format!("nodes {stack} --each")));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{stack}");
        assert!(ran.out.matches("\n  the rest fits the other nodes\n").count() >= 2, "{stack}\n{}", ran.out);
    }
}
