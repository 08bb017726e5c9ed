//! A pod that no node takes.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Taint, Unit};
use crate::schedule::Rule;

/// Every node is shut out.
pub static CODE: Code = Code {
    name: "place-no-node",
    severity: Severity::Error,
    page: Page {
        about: "No node takes the pod, so it would stay Pending for ever. Each key of `place` must hold at once; a\n\
                node with a taint takes only pods that tolerate it. The finding tells for each node which rule\n\
                shuts it out.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64, roles: [web], taints: [\"dedicated=batch:NoSchedule\"]}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {role: web}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64, roles: [web], taints: [\"dedicated=batch:NoSchedule\"]}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               place: {role: web, tolerations: [dedicated=batch]}\n",
    },
};

/// Tells each workload that lands nowhere.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in facts.landings.iter().filter(|landing| landing.readable) {
        let mut reasons = landing.nodes.iter().filter_map(|(_, verdict)| verdict.as_ref().err());
        if landing.open().next().is_none() && !reasons.any(|reason| found.gave_up(reason.span)) {
            found.push(finding(landing));
        }
    }
    traefik(facts, found);
}

/// k3s' own Traefik, as it is configured; what chooses its nodes is a value of its chart.
fn traefik(facts: &Facts<'_>, found: &mut Findings) {
    let Some((config, traefik)) = facts.configured().filter(|_| facts.stack.nodes_complete) else { return };
    let verdicts = traefik.verdicts(facts.stack);
    let chosen = traefik.values.get("nodeSelector").or(traefik.values.get("affinity"));
    let (Some(chosen), Some((_, Err(first)))) = (chosen, verdicts.first()) else { return };
    if verdicts.iter().any(|(_, verdict)| verdict.is_ok()) || found.tells(first.span) {
        return;
    }
    let span = if config.unit == Unit::Traefik { first.span } else { chosen.span };
    let finding = Finding::new(&CODE, span, "no node takes Traefik's pods");
    let reasons = verdicts.iter().filter_map(|(node, verdict)| Some((node, verdict.as_ref().err()?)));
    found.push(reasons.fold(finding, |finding, (node, reason)| {
        finding.note(format!("{} ({}): {}", node.name.value, node.platform, reason.text))
    }));
}

fn finding(landing: &Landing<'_>) -> Finding {
    let reasons = || landing.nodes.iter().filter_map(|(node, verdict)| Some((node, verdict.as_ref().err()?)));
    let span = reasons().next().map_or(landing.object.body.span, |(_, reason)| reason.span);
    let mut finding = Finding::new(&CODE, span, format!("no node takes the pods of {}", landing.object.id));
    for (node, reason) in reasons() {
        finding = finding.note(format!("{} ({}): {}", node.name.value, node.platform, reason.text));
    }
    let taint = landing.nodes.iter().find_map(|(node, verdict)| {
        let shut = verdict.as_ref().is_err_and(|reason| reason.rule == Rule::Taint);
        node.machine.taints.first().filter(|_| shut)
    });
    finding.maybe_help(taint.map(|taint| match landing.object.unit {
        Unit::App(_) => format!("if it may run there, in its `place`: tolerations: [\"{taint}\"]"),
        _ => format!("if it may run there, in its pod's spec: tolerations: [{}]", toleration(taint)),
    }))
}

/// In Kubernetes' words.
fn toleration(taint: &Taint) -> String {
    let Taint { key, value, effect } = taint;
    let effect = effect.word();
    format!("{{key: {key}, operator: Equal, value: \"{value}\", effect: {effect}}}")
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn traefik_is_placed_like_any_other() {
        let selector = |text: &str| traefik(&format!("nodeSelector: {text}"));
        let told = |values: &str| told(super::run, "", &selector(values));
        assert_eq!(told("{kubernetes.io/hostname: z}"), ["{kubernetes.io/hostname: z}: no node takes Traefik's pods"]);
        assert_eq!(told("{kubernetes.io/hostname: beta}"), [""; 0]);
        assert_eq!(told("{}"), [""; 0]);
    }
}
