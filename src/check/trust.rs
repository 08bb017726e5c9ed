//! Whom Traefik believes about a caller's address, for checks. No check itself.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Facts;
use crate::kube::Unit;
use crate::reach::Header;
use crate::source::Span;

/// An address or range that entry points believe.
pub(super) struct Believed<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// As Traefik reads it; none where it cannot.
    pub(super) range: Option<IpNet>,
    /// Where it is written: for each entry point anew, or once for all in stack.yaml.
    pub(super) places: Vec<Span>,
    /// Believed about what.
    pub(super) header: Header,
}

/// All of them, each text once, in the order written.
pub(super) fn believed<'f>(facts: &'f Facts<'_>) -> Vec<Believed<'f>> {
    let mut all: Vec<Believed<'f>> = Vec::new();
    let Some((config, traefik)) = facts.configured() else { return all };
    let typed = config.unit == Unit::Traefik;
    for trusted in traefik.trusted() {
        for (text, node) in trusted.ranges {
            let range = read(text);
            let span = range.and_then(|range| in_stack(facts, range)).filter(|_| typed).unwrap_or(node.span);
            match all.iter_mut().find(|known| known.text == text && known.header == trusted.header) {
                Some(known) if known.places.contains(&span) => {}
                Some(known) => known.places.push(span),
                None => all.push(Believed { text, range, places: vec![span], header: trusted.header }),
            }
        }
    }
    all
}

/// A way out in stack.yaml, below `ingress`. A manifest that configures Traefik gives way to it: of two that make one
/// HelmChartConfig, each undoes the other.
pub(super) fn typed(facts: &Facts<'_>, value: &str) -> String {
    format!("{}: ingress: {value}", stack_yaml(facts))
}

/// Where that is pasted.
pub(super) fn stack_yaml(facts: &Facts<'_>) -> &'static str {
    if is_raw(facts) { "in stack.yaml, instead of this manifest" } else { "in stack.yaml" }
}

/// Whether a manifest configures Traefik, and not stack.yaml.
pub(super) fn is_raw(facts: &Facts<'_>) -> bool {
    facts.configured().is_some_and(|(config, _)| config.unit != Unit::Traefik)
}

/// Where a value of Traefik's chart is added: a manifest's text or map, or stack.yaml.
pub(super) fn values(facts: &Facts<'_>) -> &'static str {
    match facts.configured() {
        Some((config, _)) if config.unit == Unit::Traefik => "ingress.values",
        Some((config, _)) if config.body.at(&["spec", "valuesContent"]).is_none() => "values",
        _ => "valuesContent",
    }
}

/// Traefik takes addresses as well (`pkg/ip/checker.go`).
fn read(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Where stack.yaml has the range.
fn in_stack(facts: &Facts<'_>, range: IpNet) -> Option<Span> {
    let trust = facts.stack.ingress.as_ref()?.trust.as_ref()?;
    trust.ranges.iter().find(|(own, _)| *own == range).map(|(_, span)| *span)
}
