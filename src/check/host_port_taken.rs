//! One port of a node, wanted twice: by pods, by ServiceLB for a LoadBalancer, by a program of the node itself, by the
//! nodePort of a Service.

use std::collections::{BTreeMap, BTreeSet};

use super::crowd::Run;
use super::data::names;
use super::taken::{Taken, Who};
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::k3s::{OWN_PORTS, OwnPort};
use crate::kube::Object;
use crate::schedule::{Fit, Group, Packing, UNBOUNDED};
use crate::source::Span;
use crate::yaml::Node;

/// Two that want one port of a node.
pub static CODE: Code = Code {
    name: "host-port-taken",
    severity: Severity::Error,
    page: Page {
        about: "A port of a node can be had once. Pods take it with `hostPort` or `hostNetwork`; k3s' ServiceLB takes every\n\
                port of a LoadBalancer on every node where it runs, 80 and 443 for k3s' own Traefik; the kubelet, etcd and\n\
                others listen on ports of their own. The second pod stays Pending, the second LoadBalancer <pending>.\n\
                It is a warning where they may yet find a node each: when one node is gone, they do not.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: {port: 8080, hostPort: 80}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: {port: 8080, hostPort: 8080}}\n",
    },
};

/// Tells each that comes second.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut by_number: BTreeMap<(&str, i64), Vec<&Taken<'_>>> = BTreeMap::new();
    for taken in facts.taken() {
        own_program(taken, facts, found);
        by_number.entry((&taken.protocol, taken.number)).or_default().push(taken);
    }
    for takers in by_number.values().filter(|takers| takers.len() > 1) {
        twice(takers, facts, found);
    }
    node_ports(&by_number, facts, found);
    against_itself(facts, found);
}

/// Traefik's pods on ports of their nodes that ServiceLB takes for Traefik's own Service.
fn against_itself(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured().filter(|(_, traefik)| traefik.is_balanced(facts.stack)) else { return };
    let for_service = |number: i64| facts.taken().iter().any(|taken| matches!(taken.who, Who::Traefik) && taken.number == number && taken.protocol == "TCP");
    let ports = traefik.values.get("ports").map_or(&[][..], Node::entries).iter();
    let mut both = ports
        .filter(|port| port.value.get("hostIP").is_none() && port.value.text_at(&["protocol"]) != Some("UDP"))
        .filter_map(|port| port.value.get("hostPort"))
        .filter(|port| port.as_int().is_some_and(for_service));
    let Some(first) = both.next() else { return };
    let number = first.written().unwrap_or_default();
    let message = format!("Traefik's pods take the port {number} of their nodes, which ServiceLB has for Traefik's own Service");
    let finding = Finding::new(&CODE, first.span, message);
    let finding = both.fold(finding, |finding, port| finding.also(port.span, "and this one"));
    let kind = if facts.stack.release.traefik_charts().first < 40 { "{type: ClusterIP}" } else { "{spec: {type: ClusterIP}}" };
    found.push(
        finding
            .note("ServiceLB binds a LoadBalancer's ports on each of its nodes: either its pod or Traefik's stays Pending")
            .help(format!("leave `hostPort` out, or no LoadBalancer: service: {kind}")),
    );
}

/// What listens there on the node, unknown to the scheduler.
fn own_program(taken: &Taken<'_>, facts: &Facts<'_>, found: &mut Findings) {
    let same = |own: &&OwnPort| own.number == taken.number && own.protocol == taken.protocol;
    let Some(own) = OWN_PORTS.iter().find(same) else { return };
    let local = ["", "0.0.0.0", "127.0.0.1"].contains(&taken.address.as_str());
    if matches!(taken.who, Who::Traefik) || (own.local && !local) {
        return;
    }
    let has = |node: &usize| facts.stack.nodes.get(*node).is_some_and(|node| own.is_on(&node.roles));
    let nodes: Vec<usize> = taken.nodes.iter().copied().filter(has).collect();
    if nodes.is_empty() {
        return;
    }
    let (port, who) = (port_of(taken), taken.name(facts));
    let verb = if own.sure { "listens" } else { "listens, unless it was told otherwise" };
    let whose = if matches!(taken.who, Who::Pods(_)) { "its" } else { "every" };
    let message = format!("{who} takes the port {port} of {whose} node, where {} {verb}", own.program);
    let finding = Finding::new(&CODE, taken.span, message)
        .label(format!("on {}", names(facts, nodes)))
        .note(format!("packets for {} then go to the pod, or the pod cannot listen", own.program))
        .help("choose another port");
    found.push(finding.weighs(if own.sure { Severity::Error } else { Severity::Warning }));
}

fn port_of(taken: &Taken<'_>) -> String {
    format!("{}/{}", taken.number, taken.protocol)
}

/// Each taker against the first before it that wants the same port of a node that both may use.
fn twice(takers: &[&Taken<'_>], facts: &Facts<'_>, found: &mut Findings) {
    let pairs = takers.iter().enumerate().filter_map(|(at, taken)| {
        let other = takers.iter().take(at).find(|other| meet(taken, other))?;
        Some((*taken, *other, cannot(&[other, taken], facts)))
    });
    let pairs: Vec<_> = pairs.collect();
    // Each two of them may find a place, and yet not all.
    if pairs.len() > 1 && !pairs.iter().any(|(.., never)| *never) && cannot(takers, facts) {
        return found.push(too_many(takers, facts));
    }
    for (taken, other, never) in pairs {
        let tell = if never { never_both } else { perhaps_both };
        found.push(tell(taken, other, facts));
    }
}

fn too_many(takers: &[&Taken<'_>], facts: &Facts<'_>) -> Finding {
    let (last, before) = takers.split_last().map_or((takers.first(), takers), |(last, before)| (Some(last), before));
    let span = last.map_or(facts.stack.span, |last| last.span);
    let port = last.map(|last| port_of(last)).unwrap_or_default();
    let message = format!("{} workloads take the port {port} of their nodes, and no placement has a node for each pod", takers.len());
    let nodes = names(facts, takers.iter().flat_map(|taken| taken.nodes.iter().copied()));
    let finding = Finding::new(&CODE, span, message).note(format!("they may land on {nodes}"));
    let few = before.iter().take(5);
    few.fold(finding, |finding, taken| finding.also(taken.span, first_words(taken, facts)))
        .help("choose another port for one of them")
}

fn is_one(one: &Taken<'_>, other: &Taken<'_>) -> bool {
    match (one.who, other.who) {
        (Who::Pods(one), Who::Pods(other)) => one == other,
        (Who::Balancer(one), Who::Balancer(other)) => std::ptr::eq(one, other),
        (Who::Traefik, Who::Traefik) => true,
        _ => false,
    }
}

fn shared(one: &Taken<'_>, other: &Taken<'_>) -> Vec<usize> {
    one.nodes.iter().copied().filter(|node| other.nodes.contains(node)).collect()
}

fn meet(one: &Taken<'_>, other: &Taken<'_>) -> bool {
    !is_one(one, other) && one.port().clashes(&other.port()) && !shared(one, other).is_empty()
}

/// Whether these ports alone leave some pod without a node.
fn cannot(takers: &[&Taken<'_>], facts: &Facts<'_>) -> bool {
    let group = |taken: &&Taken<'_>| {
        let landing = |index: usize| facts.landings.get(index);
        let run = match taken.who {
            Who::Pods(index) => landing(index).map_or(Run::Passing, |landing| landing.run(facts)),
            Who::Balancer(_) | Who::Traefik => Run::Each,
        };
        // More replicas than nodes are a finding of their own.
        let count = match run {
            Run::Kept(count) => count.min(taken.nodes.len()),
            Run::Each | Run::Passing => 1,
        };
        Group { count, each: run == Run::Each, asks: [0; 2], nodes: taken.nodes.clone() }
    };
    let mut packing = Packing {
        rooms: vec![[UNBOUNDED; 2]; facts.stack.nodes.len()],
        groups: takers.iter().map(group).collect(),
        apart: BTreeSet::new(),
    };
    for (at, one) in takers.iter().enumerate() {
        let clashing = takers.iter().enumerate().skip(at).filter(|(_, other)| one.port().clashes(&other.port()));
        packing.apart.extend(clashing.map(|(other, _)| (at, other)));
    }
    matches!(packing.fit(), Fit::Cannot(_))
}

fn never_both(taken: &Taken<'_>, other: &Taken<'_>, facts: &Facts<'_>) -> Finding {
    let (who, port) = (taken.name(facts), port_of(taken));
    let nodes = names(facts, shared(taken, other));
    let finding = match taken.who {
        Who::Pods(_) => {
            let message = format!("{who} takes the port {port} of its node, which {} has", other.name(facts));
            Finding::new(&CODE, taken.span, message)
        }
        Who::Balancer(_) | Who::Traefik => {
            let message = format!("{who} takes the port {port} of every node, which {} has", other.name(facts));
            Finding::new(&CODE, taken.span, message)
        }
    };
    let finding = finding.label(format!("on {nodes}")).also(other.span, first_words(other, facts));
    finding.note(outcome(taken, other)).help(way_out(taken, other, facts))
}

fn perhaps_both(taken: &Taken<'_>, other: &Taken<'_>, facts: &Facts<'_>) -> Finding {
    let port = port_of(taken);
    let message = format!("{} and {} may meet on a node, and both take its port {port}", taken.name(facts), other.name(facts));
    Finding::new(&CODE, taken.span, message)
        .weighs(Severity::Warning)
        .label(format!("on {}", names(facts, shared(taken, other))))
        .also(other.span, first_words(other, facts))
        .note("they run as long as each finds a node of its own; when a node is gone, one of them waits")
        .help(way_out(taken, other, facts))
}

fn first_words(other: &Taken<'_>, facts: &Facts<'_>) -> String {
    match other.who {
        Who::Pods(_) => format!("{} takes it here", other.name(facts)),
        Who::Balancer(_) => format!("ServiceLB takes it for {}", other.name(facts)),
        Who::Traefik => "ServiceLB takes it for k3s' own Traefik".to_owned(),
    }
}

fn outcome(taken: &Taken<'_>, other: &Taken<'_>) -> &'static str {
    let pods = |taken: &Taken<'_>| matches!(taken.who, Who::Pods(_));
    match (pods(taken), pods(other)) {
        (true, true) => "only one of them can run there: the other stays Pending",
        (false, false) => "ServiceLB binds a LoadBalancer's ports on each of its nodes: of two Services with one port, one stays <pending>",
        _ => "ServiceLB binds a LoadBalancer's ports on each of its nodes: either its pod or this one stays Pending",
    }
}

fn way_out(taken: &Taken<'_>, other: &Taken<'_>, facts: &Facts<'_>) -> String {
    let traefik = matches!(other.who, Who::Traefik);
    match taken.who {
        Who::Pods(index) => {
            let landing = facts.landings.get(index);
            let free = landing.map_or(&[][..], |landing| landing.nodes.as_slice());
            let free = free.iter().enumerate().find(|(node, _)| !other.nodes.contains(node));
            match free {
                _ if traefik => "for HTTP, a route through Traefik needs no port of the node; else choose another port".to_owned(),
                Some((_, (node, _))) => {
                    let place = landing.map(|landing| landing.keep_to(&node.name.value)).unwrap_or_default();
                    format!("choose another port, or another node: {place}")
                }
                None => "choose another port for one of them".to_owned(),
            }
        }
        _ if traefik => "for HTTP, a route through Traefik needs no LoadBalancer; else choose another port".to_owned(),
        _ => "give one of them another port, or other nodes: the label svccontroller.k3s.cattle.io/lbpool".to_owned(),
    }
}

/// The nodePorts that Services ask for: each is the API server's to give once, and every node's.
fn node_ports(by_number: &BTreeMap<(&str, i64), Vec<&Taken<'_>>>, facts: &Facts<'_>, found: &mut Findings) {
    let (range, _) = &facts.stack.network.node_ports;
    let mut given: BTreeMap<i64, (&Object, Span)> = BTreeMap::new();
    if let Some((config, traefik)) = facts.configured() {
        let ports = traefik.values.get("ports").map_or(&[][..], Node::entries).iter();
        let asked = ports.filter_map(|port| port.value.get("nodePort"));
        given.extend(asked.filter_map(|port| Some((port.as_int()?, (config, port.span)))));
    }
    for service in facts.services.iter().copied() {
        let spec = |key: &str| service.body.at(&["spec", key]);
        let ports = spec("ports").map_or(&[][..], Node::items).iter();
        let health = spec("healthCheckNodePort").map(|port| (port, "TCP"));
        let asked = ports.filter_map(|port| {
            Some((port.get("nodePort")?, port.text_at(&["protocol"]).unwrap_or("TCP")))
        });
        for (port, protocol) in asked.chain(health) {
            // One outside of the range is none, and is told as that.
            let is_given = |number: &i64| u16::try_from(*number).is_ok_and(|number| range.contains(&number));
            let Some(number) = port.as_int().filter(is_given) else { continue };
            let (first, span) = *given.entry(number).or_insert((service, port.span));
            if !std::ptr::eq(first, service) {
                found.push(given_twice(service, port, first, span));
                continue;
            }
            let takers = by_number.get(&(protocol, number)).map_or(&[][..], Vec::as_slice);
            for taken in takers.iter().filter(|taken| !leads_to(service, taken, facts)) {
                found.push(opened(service, port, taken, facts));
            }
        }
    }
}

/// A Service's own pods and its own LoadBalancer: whichever way a packet goes, it ends at the same place.
fn leads_to(service: &Object, taken: &Taken<'_>, facts: &Facts<'_>) -> bool {
    let selector = service.body.at(&["spec", "selector"]).map_or(&[][..], Node::entries);
    let meant = |landing: &Landing<'_>| {
        landing.object.id.namespace == service.id.namespace
            && !selector.is_empty()
            && selector.iter().all(|entry| {
                landing.labels().and_then(|labels| labels.get(&entry.key.text)).is_some_and(|own| own.same(&entry.value))
            })
    };
    match taken.who {
        Who::Pods(index) => facts.landings.get(index).is_some_and(meant),
        Who::Balancer(other) => std::ptr::eq(other, service),
        Who::Traefik => false,
    }
}

fn given_twice(service: &Object, port: &Node, other: &Object, first: Span) -> Finding {
    let number = port.written().unwrap_or_default();
    Finding::new(&CODE, port.span, format!("{} asks for the nodePort {number}, which {} has", service.id, other.id))
        .also(first, format!("{} asks for it here", other.id))
        .note("the API server gives each number once, whatever the protocol, and refuses the second Service")
        .help("choose another number, or leave it out: Kubernetes then chooses")
}

fn opened(service: &Object, port: &Node, taken: &Taken<'_>, facts: &Facts<'_>) -> Finding {
    let message = format!("{} takes the port {} of its node, which is a nodePort of {}", taken.name(facts), port_of(taken), service.id);
    Finding::new(&CODE, taken.span, message)
        .also(port.span, "opened on every node here")
        .note("what comes in goes to one of the two, and never to the other")
        .help("choose another number for one of them")
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told, traefik};

    const THREE: &str = "nodes: {alpha: {arch: amd64, roles: [control-plane, etcd]}, beta: {arch: amd64}, gamma: {arch: amd64}}";

    fn port(name: &str, number: u16, more: &str, spec: &str) -> String {
        let ports = format!(", ports: [{{containerPort: 1, hostPort: {number}{more}}}]");
        pod(spec, &ports).replace("{name: web}", &format!("{{name: {name}}}"))
    }

    fn deployment(name: &str, number: u16, replicas: usize, spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    \
             spec:\n      containers: [{{name: web, image: 'registry.example/web:1.0', ports: [{{containerPort: 1, hostPort: {number}}}]}}]\n{spec}---\n"
        )
    }

    fn service(name: &str, spec: &str) -> String {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n")
    }

    fn messages(lines: &str, manifest: &str) -> Vec<String> {
        told(super::run, lines, manifest)
    }

    #[test]
    fn pods_that_have_no_other_node() {
        let on = "  nodeName: beta\n";
        let clash = ["53: Pod default/b takes the port 53/TCP of its node, which Pod default/a has"];
        assert_eq!(messages("", &(port("a", 53, "", on) + &port("b", 53, "", on))), clash);
        assert_eq!(messages("", &(port("a", 53, "", on) + &port("b", 53, ", protocol: UDP", on))), [""; 0]);
        assert_eq!(messages("", &(port("a", 53, "", on) + &port("b", 53, "", "  nodeName: alpha\n"))), [""; 0]);
        let (one, two) = (", hostIP: 10.0.0.1", ", hostIP: 10.0.0.2");
        assert_eq!(messages("", &(port("a", 53, one, on) + &port("b", 53, two, on))), [""; 0]);
        assert_eq!(messages("", &(port("a", 53, one, on) + &port("b", 53, "", on))), clash);
    }

    #[test]
    fn pods_that_may_meet_are_a_warning_and_those_that_must_an_error() {
        let meet = ["53: Pod default/b and Pod default/a may meet on a node, and both take its port 53/TCP"];
        let two = port("a", 53, "", "") + &port("b", 53, "", "");
        assert_eq!(messages("", &two), meet);
        let three = two + &port("c", 53, "", "");
        let many = ["53: 3 workloads take the port 53/TCP of their nodes, and no placement has a node for each pod"];
        assert_eq!(messages("", &three), many);
        assert_eq!(messages(THREE, &three).len(), 2, "each with one before it");
        let many = deployment("a", 53, 2, "") + &port("b", 53, "", "");
        assert_eq!(messages("", &many), ["53: Pod default/b takes the port 53/TCP of its node, which Deployment default/a has"]);
        assert_eq!(messages(THREE, &many).len(), 1);
        assert!(messages(THREE, &many)[0].contains("may meet"));
        let each = deployment("a", 53, 1, "").replace("Deployment", "DaemonSet") + &port("b", 53, "", "");
        assert_eq!(messages(THREE, &each).len(), 1, "a DaemonSet is everywhere");
    }

    #[test]
    fn a_load_balancers_ports_are_taken_on_every_node() {
        let web = service("web", "type: LoadBalancer, ports: [{port: 8096}]");
        let balanced = ["8096: Pod default/a takes the port 8096/TCP of its node, which Service default/web has"];
        assert_eq!(messages("", &(port("a", 8096, "", "") + &web)), balanced);
        let other = service("other", "type: LoadBalancer, ports: [{port: 8096}]");
        let twice = ["8096: Service default/other takes the port 8096/TCP of every node, which Service default/web has"];
        assert_eq!(messages("", &(web.clone() + &other)), twice);
        assert_eq!(messages("", &(web.clone() + &other.replace("8096}", "8096, protocol: UDP}"))), [""; 0]);
        assert_eq!(messages("", &(web + &other.replace("LoadBalancer", "LoadBalancer, loadBalancerClass: x/y"))), [""; 0]);
    }

    #[test]
    fn traefik_against_its_own_service_and_others_node_ports() {
        let hosted = |more: &str| traefik(&format!("ports: {{web: {{hostPort: 80}}, websecure: {{hostPort: 443}}}}\n{more}"));
        let told = ["80: Traefik's pods take the port 80 of their nodes, which ServiceLB has for Traefik's own Service"];
        assert_eq!(messages("", &hosted("")), told);
        assert_eq!(messages("", &hosted("service: {spec: {type: ClusterIP}}")), [""; 0]);
        assert_eq!(messages("", &hosted("").replace("hostPort: 80", "hostPort: 8081").replace("443", "8444")), [""; 0]);
        let without = "k3s: {version: v1.37.1+k3s1, disable: [servicelb]}";
        assert_eq!(messages(without, &hosted("")), [""; 0]);
        let node = traefik("ports: {websecure: {nodePort: 30443}}") + "---\n";
        let other = service("own", "type: NodePort, ports: [{port: 80, nodePort: 30443}]");
        assert_eq!(
            messages("", &(node + &other)),
            ["30443: Service default/own asks for the nodePort 30443, which HelmChartConfig kube-system/traefik has"]
        );
    }

    #[test]
    fn traefiks_own_ports() {
        let traefik = ["443: Pod default/a takes the port 443/TCP of its node, which k3s' own Traefik has"];
        assert_eq!(messages("", &port("a", 443, "", "")), traefik);
        assert_eq!(messages("", &port("a", 443, ", protocol: UDP", "")), [""; 0]);
        for part in ["traefik", "servicelb"] {
            let without = format!("k3s: {{version: v1.37.1+k3s1, disable: [{part}]}}");
            assert_eq!(messages(&without, &port("a", 443, "", "")), [""; 0], "{part}");
        }
        let balancer = service("web", "type: LoadBalancer, ports: [{port: 80}]");
        assert_eq!(messages("", &balancer), ["80: Service default/web takes the port 80/TCP of every node, which k3s' own Traefik has"]);
        let point = "ingress: {entryPoints: {ssh: {port: 2222, exposedPort: 22}}}";
        assert_eq!(messages(point, &port("a", 22, "", "")).len(), 1);
        let config = |values: &str| {
            format!("apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {{name: traefik, namespace: kube-system}}\nspec:\n  valuesContent: |\n    {values}\n---\n")
        };
        for (values, port_number, clashes) in [
            ("service: {enabled: false}", 443, false),
            ("service: {spec: {type: ClusterIP}}", 443, false),
            ("service: {spec: {externalTrafficPolicy: Local}}", 443, true),
            ("ports: {websecure: {exposedPort: 8443}}", 443, false),
            ("ports: {websecure: {exposedPort: 8443}}", 8443, true),
            ("ports: {websecure: {expose: {default: false}}}", 443, false),
            ("ports: {mqtt: {port: 1883, expose: true}}", 1883, true),
            ("ports: {mqtt: {port: 1883}}", 1883, false),
        ] {
            let told = messages("", &(config(values) + &port("a", port_number, "", "")));
            assert_eq!(!told.is_empty(), clashes, "{values} {port_number}");
        }
    }

    #[test]
    fn nodes_that_are_no_load_balancers() {
        let labels = "nodes: {alpha: {arch: amd64, labels: {svccontroller.k3s.cattle.io/enablelb: 'true'}}, beta: {arch: amd64}}";
        let told = messages(labels, &port("a", 443, "", ""));
        assert!(told[0].contains("may meet"), "{told:?}");
        assert_eq!(messages(labels, &port("a", 443, "", "  nodeName: beta\n")), [""; 0]);
        let pools = "nodes: {alpha: {arch: amd64, labels: {svccontroller.k3s.cattle.io/enablelb: 'true', svccontroller.k3s.cattle.io/lbpool: a}}, \
                     beta: {arch: amd64, labels: {svccontroller.k3s.cattle.io/enablelb: 'true', svccontroller.k3s.cattle.io/lbpool: b}}}";
        let pooled = |name: &str, pool: &str| {
            let labels = format!("{{name: {name}, labels: {{svccontroller.k3s.cattle.io/lbpool: {pool}}}}}");
            service(name, "type: LoadBalancer, ports: [{port: 25}]").replace(&format!("{{name: {name}}}"), &labels)
        };
        assert_eq!(messages(pools, &(pooled("x", "a") + &pooled("z", "b"))), [""; 0]);
        assert_eq!(messages(pools, &(pooled("x", "a") + &pooled("z", "a"))).len(), 1);
        let tainted = "nodes: {alpha: {arch: amd64, taints: ['a=b:NoSchedule']}, beta: {arch: amd64}}";
        let bears = "  nodeName: alpha\n";
        assert_eq!(messages(tainted, &port("a", 443, "", bears)), [""; 0]);
    }

    #[test]
    fn programs_of_the_node_itself() {
        let kubelet = ["10250: Pod default/a takes the port 10250/TCP of its node, where the kubelet listens"];
        assert_eq!(messages("", &port("a", 10250, "", "")), kubelet);
        assert_eq!(messages("", &port("a", 10248, ", hostIP: 10.0.0.1", "")), [""; 0]);
        assert_eq!(messages("", &port("a", 10248, "", "")).len(), 1);
        assert_eq!(messages("", &port("a", 6443, "", "")), [""; 0], "no node is a server, as far as is known");
        assert_eq!(messages(THREE, &port("a", 6443, "", "")).len(), 1);
        assert_eq!(messages(THREE, &port("a", 2379, "", "  nodeName: beta\n")), [""; 0]);
        let flannel = messages("", &port("a", 8472, ", protocol: UDP", ""));
        assert!(flannel[0].ends_with("where flannel listens, unless it was told otherwise"), "{flannel:?}");
    }

    #[test]
    fn node_ports_are_given_once_and_opened_everywhere() {
        let asks = |name: &str, more: &str| service(name, &format!("type: NodePort, {more}ports: [{{port: 1, nodePort: 31000}}]"));
        let twice = ["31000: Service default/b asks for the nodePort 31000, which Service default/a has"];
        assert_eq!(messages("", &(asks("a", "") + &asks("b", ""))), twice);
        let opened = ["31000: Deployment default/x takes the port 31000/TCP of its node, which is a nodePort of Service default/a"];
        assert_eq!(messages("", &(asks("a", "") + &deployment("x", 31000, 1, ""))), opened);
        assert_eq!(messages("", &(asks("a", "selector: {app: x}, ") + &deployment("x", 31000, 1, ""))), [""; 0]);
    }
}
