//! What is known of the Traefik that serves the cluster: k3s' own, as its release packages it and as HelmChartConfigs
//! change it. No check itself.

use super::Facts;
use crate::stack::{EntryPoint, Protocol};
use crate::traefik::Dialect;
use crate::yaml::Node;

/// The packaged Traefik and the texts that configure its chart.
#[derive(Default)]
pub struct Served {
    /// What it makes of rules; none where the stack brings another one.
    pub dialect: Option<Dialect>,
    /// Everything that HelmChartConfigs say, in lower case. Their keys have moved from chart to chart, so that what can
    /// be said of them is whether a word stands there at all.
    values: String,
    /// Whether no other stack and no hand configures it, as far as the stack says.
    pub whole: bool,
}

impl Served {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let configs = facts.existing().filter(|object| object.id.kind == "HelmChartConfig");
        let values: Vec<String> = configs
            .filter(|object| object.id.name == "traefik")
            .filter_map(|object| Some(object.body.text_at(&["spec", "valuesContent"])?.to_ascii_lowercase()))
            .collect();
        let values = values.join("\n");
        let stack = facts.stack;
        let own = stack.disables("traefik").is_none() && !values.contains("image:");
        let release = &stack.release;
        let dialect = Dialect { traefik: release.traefik(), wildcards: release.traefik_charts().first >= 40 };
        let outside = stack.external_name("HelmChartConfig", "kube-system", "traefik").is_some();
        let whole = own && !outside && stack.ingress.as_ref().is_none_or(|ingress| ingress.owned);
        let renamed = values.contains("rulesyntax");
        Served { dialect: Some(dialect).filter(|_| own && !renamed), values, whole }
    }

    /// Whether its configuration speaks of this, in lower case.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.values.contains(word)
    }

    /// Whether this is one of its entry points: the chart's own (facts on k3s, 3.3), one of stack.yaml, a key of the
    /// chart's `ports`, or an argument makes it.
    pub(super) fn has_entry_point(&self, name: &str, facts: &Facts<'_>) -> bool {
        let name = name.to_ascii_lowercase();
        let ports = facts.traefik.as_ref().and_then(|traefik| traefik.values.get("ports"));
        let mut ports = ports.map_or(&[][..], Node::entries).iter();
        OWN.contains(&name.as_str())
            || declared(facts).iter().any(|point| point.name.value == name)
            || self.values.contains(&format!("entrypoints.{name}."))
            || ports.any(|port| port.key.text.eq_ignore_ascii_case(&name))
    }
}

/// Entry points of every chart. `traefik` and `metrics` are no Service's ports.
const OWN: [&str; 4] = ["web", "websecure", "traefik", "metrics"];

/// Those of stack.yaml.
pub(super) fn declared<'a>(facts: &Facts<'a>) -> &'a [EntryPoint] {
    facts.stack.ingress.as_ref().map_or(&[], |ingress| &ingress.entry_points)
}

/// Where requests come in that name no entry point.
pub(super) fn default_entry_points<'a>(facts: &Facts<'a>) -> Vec<&'a str> {
    let own = declared(facts).iter().filter(|point| point.protocol != Protocol::UDP);
    ["web", "websecure"].into_iter().chain(own.map(|point| point.name.value.as_str())).collect()
}
