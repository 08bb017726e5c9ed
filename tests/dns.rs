//! `stackc dns`: names by the addresses of the nodes that answer.

use crate::stack::{Folder, Ran};

const NODES: &str = "nodes:\n\
    \x20 pi: {arch: amd64, ip: 10.0.0.1, publicIP: 203.0.113.1, roles: [edge]}\n\
    \x20 nuc: {arch: amd64, ip: 10.0.0.2, publicIP: [203.0.113.2, \"2001:db8::2\"]}\n\
    \x20 far: {arch: amd64, taints: [\"dedicated=far:NoSchedule\"], publicIP: 203.0.113.3}\n";
const WEB: &str = "kind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {web: [b.example.org, a.example.org]}\n";

fn dns(stack: &str, app: &str, manifest: &str, arguments: &str) -> Ran {
    let head = "stackc: 1\nk3s: v1.37.1+k3s1\nplatforms: {registry.example/web: [amd64]}\n";
    let folder = Folder::new()
        .with("demo/stack.yaml", format!("{head}{NODES}{stack}"))
        .with("demo/apps/web.yaml", app)
        .with("demo/manifests/more.yaml", manifest);
    folder.stackc(&format!("dns demo {arguments}"))
}

fn lines(stack: &str, app: &str, manifest: &str) -> Vec<String> {
    let ran = dns(stack, app, manifest, "");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{}", ran.out);
    ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_host_leads_to_the_nodes_where_traefik_may_land() {
    let placed = "ingress: {place: {role: edge}}\n";
    assert_eq!(
        lines(placed, WEB, ""),
        ["a.example.org. 300 IN A 203.0.113.1 ; pi", "b.example.org. 300 IN A 203.0.113.1 ; pi"]
    );
    let one = WEB.replace("[b.example.org, a.example.org]", "a.example.org");
    let note =
        "; note: IngressRoute default/web: not found at 2001:db8::2 of node nuc, for it has no IPv6 address";
    assert_eq!(
        lines("", &one, ""),
        ["a.example.org. 300 IN A 203.0.113.1 ; pi", "a.example.org. 300 IN A 203.0.113.2 ; nuc", note]
    );
    let dual = "network: {clusterCIDR: [10.42.0.0/16, \"fd00:42::/56\"], serviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]}\n\
                ingress: {place: {node: nuc}}\n";
    assert_eq!(
        lines(dual, &one, ""),
        ["a.example.org. 300 IN A 203.0.113.2 ; nuc", "a.example.org. 300 IN AAAA 2001:db8::2 ; nuc"]
    );
}

#[test]
fn cloudflare_stands_before_http_alone() {
    let stack = "ingress: {clientIP: cloudflare, place: {node: pi}, entryPoints: {ssh: 2222, game: {port: 25565, exposedPort: 25566}}}\n";
    let app = "kind: app\nimage: registry.example/web:1.0\nports: {http: 80, ssh: 22}\nroutes: {http: www.example.org}\n\
               tcpRoutes: {ssh: {hostSNI: git.example.org, entryPoints: [ssh], tls: {passthrough: true}}}\n";
    assert_eq!(
        lines(stack, app, ""),
        [
            "git.example.org. 1 IN A 203.0.113.1 ; pi cf_tags=cf-proxied:false",
            "www.example.org. 1 IN A 203.0.113.1 ; pi cf_tags=cf-proxied:true",
        ]
    );
    let any = app.replace(
        "{hostSNI: git.example.org, entryPoints: [ssh], tls: {passthrough: true}}",
        "{entryPoints: [game]}",
    );
    assert_eq!(
        lines(stack, &any, "")[1..],
        ["; any name: IngressRouteTCP default/web-ssh (25566/TCP) at 203.0.113.1 (pi)"]
    );
}

#[test]
fn what_stands_in_manifests_counts() {
    let config = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                  spec:\n  valuesContent: |-\n    nodeSelector: {node-role.kubernetes.io/edge: \"true\"}\n---\n";
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: old}\nspec:\n  rules:\n\
                   \x20 - {host: old.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: x, port: {number: 80}}}}]}}\n---\n";
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: new}\nspec:\n  entryPoints: [websecure]\n  routes:\n\
                 \x20 - {match: Host(`New.Example.org`), kind: Rule, services: [{name: x, port: 80}]}\n---\n";
    let balancer = "apiVersion: v1\nkind: Service\nmetadata: {name: dns}\nspec: {type: LoadBalancer, selector: {a: b}, ports: [{port: 53, protocol: UDP}]}\n---\n";
    let app = "kind: app\nimage: registry.example/web:1.0\n";
    assert_eq!(
        lines("external: [Service/x]\n", app, &format!("{config}{ingress}{route}{balancer}")),
        [
            "new.example.org. 300 IN A 203.0.113.1 ; pi",
            "old.example.org. 300 IN A 203.0.113.1 ; pi",
            "; any name: Service default/dns (53/UDP) at 203.0.113.1 (pi), 203.0.113.2 (nuc)",
            "; note: Service default/dns: not found at 2001:db8::2 of node nuc, for it has no IPv6 address",
        ]
    );
}

#[test]
fn what_is_missing_is_a_comment() {
    let stack = "ingress: {place: {node: pi}}\n";
    let ran = dns(stack, WEB, "", "");
    let without = Folder::new()
        .with("demo/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\nplatforms: {registry.example/web: [amd64]}\nnodes: {pi: {arch: amd64}}\n")
        .with("demo/apps/web.yaml", WEB)
        .stackc("dns demo");
    assert_eq!(
        without.out,
        "; no known address: a.example.org.\n; no known address: b.example.org.\n\
         ; note: node pi has no `publicIP`: nodes: {pi: {publicIP: ADDRESS}}\n"
    );
    assert!(ran.out.lines().all(|line| line.starts_with("; ") || line.contains("  IN  ")), "{}", ran.out);
    let nothing = dns("", "kind: app\nimage: registry.example/web:1.0\n", "", "");
    assert_eq!(nothing.out, "; nothing in this stack is reached from outside\n");
    let other = "ingress: {place: {node: pi}}\n";
    let ran = Folder::new()
        .with(
            "demo/stack.yaml",
            format!("stackc: 1\nk3s: {{version: v1.37.1+k3s1, disable: [servicelb]}}\nexternal: [IPAddressPool/metallb-system/first]\n\
                     platforms: {{registry.example/web: [amd64]}}\n{NODES}{other}"),
        )
        .with("demo/apps/web.yaml", WEB)
        .stackc("dns demo");
    assert!(
        ran.out.contains("; note: IngressRoute default/web: another load balancer than k3s' own"),
        "{}",
        ran.out
    );
}

#[test]
fn machines_read_the_same() {
    let ran = dns("ingress: {clientIP: cloudflare, place: {node: pi}}\n", WEB, "", "--format json");
    let zone: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(zone["version"], 1);
    let first = serde_json::json!(
        {"name": "a.example.org", "type": "A", "address": "203.0.113.1", "node": "pi", "proxied": true}
    );
    assert_eq!(zone["records"][0], first);
    assert_eq!(zone["records"].as_array().unwrap().len(), 2);
    for list in ["unnamed", "without_address", "notes"] {
        assert_eq!(zone[list], serde_json::json!([]), "{list}");
    }
}
