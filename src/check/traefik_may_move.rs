//! Traefik on any of several nodes, while DNS names some.

use super::Facts;
use super::trust::{is_raw, typed, values};
use crate::finding::{Code, Finding, Findings, Page, Severity, list};
use crate::reach::ways;

/// With `externalTrafficPolicy: Local` only the node that runs Traefik answers.
pub static CODE: Code = Code {
    name: "traefik-may-move",
    severity: Severity::Warning,
    page: Page {
        about: "With `externalTrafficPolicy: Local`, which `clientIP` asks for, only nodes that run Traefik answer, and\n\
                its pod may land on several. When it moves, DNS still leads to the node that it left. Place it where\n\
                DNS points (`ingress.place`; `stackc dns` prints the records), or run it on every node.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              nodes:\n  alpha: {arch: amd64}\n  beta: {arch: amd64}\n\
              ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64}\n  beta: {arch: amd64}\n\
               ingress: {clientIP: cloudflare, place: {node: alpha}}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Names that are told.
const SHOWN: usize = 3;

/// Tells it where the policy is asked for.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured().filter(|_| facts.stack.nodes_complete) else { return };
    let Some(local) = traefik.local() else { return };
    let nodes = traefik.nodes(facts.stack);
    let fewer = usize::try_from(traefik.replicas()).is_ok_and(|replicas| replicas < nodes.len());
    if nodes.len() < 2 || traefik.is_everywhere() || !fewer {
        return;
    }
    let names = || nodes.iter().map(|node| node.name.value.as_str());
    let first = names().next().unwrap_or_default();
    let message = format!("Traefik may land on {}, and only the node that runs it answers", list(names()));
    let finding = Finding::new(&CODE, local.span, message).note(hosts(facts));
    let finding = match traefik.values.get("nodeSelector") {
        None if is_raw(facts) => {
            finding.help(format!("add to {}: nodeSelector: {{kubernetes.io/hostname: {first}}}", values(facts)))
        }
        _ => finding,
    };
    let or = if finding.helps.is_empty() { "" } else { "or " };
    let place = format!("{{place: {{node: {first}}}}}, or {{workload: DaemonSet}}");
    found.push(finding.help(format!("{or}{}", typed(facts, &place))));
}

/// The names that would lead to a node that Traefik has left.
fn hosts(facts: &Facts<'_>) -> String {
    let Some(traefik) = &facts.traefik else { return String::new() };
    let ways = ways(facts.stack, facts.objects, traefik);
    let mut hosts: Vec<&str> =
        ways.iter().filter(|way| way.object.id.kind != "Service").filter_map(|way| way.host.as_deref()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let more = hosts.len().saturating_sub(SHOWN);
    match hosts.get(..SHOWN.min(hosts.len())) {
        None | Some([]) => "when it moves, DNS leads to the node that it left".to_owned(),
        Some(shown) if more == 0 => format!("when it moves, DNS leads to the node that it left: {}", list(shown.iter().copied())),
        Some(shown) => {
            format!("when it moves, DNS leads to the node that it left: {} and {more} more", shown.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{helps, told, traefik};

    #[test]
    fn a_manifest_is_offered_the_charts_own_form() {
        let local = "service: {spec: {externalTrafficPolicy: Local}}";
        assert_eq!(
            helps(super::run, "", &traefik(local)),
            [
                "add to valuesContent: nodeSelector: {kubernetes.io/hostname: alpha}",
                "or in stack.yaml, instead of this manifest: ingress: {place: {node: alpha}}, or {workload: DaemonSet}"
            ]
        );
    }

    #[test]
    fn more_nodes_than_pods() {
        let local = "service: {spec: {externalTrafficPolicy: Local}}\n";
        let moves = |lines: &str, values: &str| told(super::run, lines, &traefik(&format!("{local}{values}"))).len();
        assert_eq!(moves("", ""), 1);
        assert_eq!(moves("", "deployment: {kind: DaemonSet}"), 0);
        assert_eq!(moves("", "deployment: {replicas: 2}"), 0);
        assert_eq!(moves("", "nodeSelector: {kubernetes.io/hostname: beta}"), 0);
        assert_eq!(moves("nodes: {alpha: {arch: amd64}}", ""), 0);
        let tainted = |taint: &str| format!("nodes: {{alpha: {{arch: amd64}}, beta: {{arch: amd64, taints: ['{taint}']}}}}");
        assert_eq!(moves(&tainted("dedicated=x:NoSchedule"), ""), 0);
        // k3s' own Traefik bears the control plane's
        assert_eq!(moves(&tainted("node-role.kubernetes.io/control-plane:NoSchedule"), ""), 1);
        assert_eq!(moves(&tainted("node-role.kubernetes.io/control-plane:NoSchedule"), "tolerations: []"), 0);
        assert_eq!(told(super::run, "", &traefik("deployment: {replicas: 1}")).len(), 0);
    }
}
