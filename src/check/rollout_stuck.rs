//! An update that waits for ever: the new pod needs what the old one has, and the old one stays until the new one runs
//! (`pkg/controller/deployment/util`, `ResolveFenceposts`).

use super::crowd::{HOSTNAME, Run};
use super::data::{Held, Lies};
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::field::given;
use crate::schedule::{Amounts, Fit, Packing};
use crate::source::Span;
use crate::yaml::Node;

/// A new pod that finds no place beside the old ones.
pub static CODE: Code = Code {
    name: "rollout-stuck",
    severity: Severity::Warning,
    page: Page {
        about: "A Deployment with RollingUpdate starts a new pod before it stops an old one, unless `maxUnavailable` lets it\n\
                (a quarter, rounded down: 0 of up to three pods). Here the new one finds no place beside the old: it needs\n\
                the same port of the same node, the same claim, or more than is left. So the first update never ends, and\n\
                the old version runs on. `Recreate` stops the old one first.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 5353, hostPort: 5353}}\nstrategy: RollingUpdate\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 5353, hostPort: 5353}}\nstrategy: Recreate\n",
    },
};

/// Packings with one more pod that are tried; each other workload is left alone.
const TRIED: usize = 64;

/// Kubernetes' own `maxSurge` and `maxUnavailable`.
const QUARTER: i64 = 25;

/// Tells each workload once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut tried = 0;
    for (index, (landing, held)) in facts.held().enumerate().filter(|(_, (landing, _))| landing.readable) {
        let kind = landing.object.id.kind.as_str();
        if kind == "DaemonSet" {
            let refused = of_each_node(landing);
            refused.or_else(|| surging(landing)).into_iter().for_each(|finding| found.push(finding));
        }
        let Run::Kept(count @ 1..) = landing.run(facts) else { continue };
        let Some(strategy) = Some(Strategy::of(landing)).filter(|_| kind == "Deployment") else { continue };
        match strategy.starts_first(count) {
            Err(finding) => found.push(*finding),
            Ok(false) => {}
            Ok(true) => {
                let cause = simple(landing, held, count).or_else(|| no_room(index, held, facts, &mut tried));
                if let Some(cause) = cause {
                    found.push(strategy.told(count, cause));
                }
            }
        }
    }
}

/// What a Deployment says of its updates.
struct Strategy<'a, 'l> {
    landing: &'l Landing<'a>,
    node: Option<&'a Node>,
}

/// What the new pod needs, where it is written, and in words.
struct Cause {
    span: Span,
    label: String,
    note: String,
}

impl<'a, 'l> Strategy<'a, 'l> {
    fn of(landing: &'l Landing<'a>) -> Self {
        Strategy { landing, node: landing.object.body.at(&["spec", "strategy"]) }
    }

    fn given(&self, key: &str) -> Option<&'a Node> {
        self.node?.at(&["rollingUpdate", key])
    }

    /// Whether a new pod has to run before an old one is stopped. What cannot be read is said not to.
    fn starts_first(&self, count: usize) -> Result<bool, Box<Finding>> {
        let rolling = self.node.and_then(|node| node.text_at(&["type"])).is_none_or(|word| word == "RollingUpdate");
        let paused = self.landing.object.body.at(&["spec", "paused"]).and_then(Node::as_bool) == Some(true);
        if !rolling || paused {
            return Ok(false);
        }
        let [Some(surge), Some(unavailable)] = ["maxSurge", "maxUnavailable"].map(|key| Share::of(self.given(key))) else {
            return Ok(false);
        };
        if let (Share::Number(0) | Share::Percent(0), Share::Number(0) | Share::Percent(0)) = (surge, unavailable) {
            return Err(Box::new(self.refused()));
        }
        // Where both come to nothing, one pod may be missing.
        Ok(unavailable.of_pods(count, false) == 0 && surge.of_pods(count, true) > 0)
    }

    fn refused(&self) -> Finding {
        let id = &self.landing.object.id;
        let span = self.given("maxUnavailable").or(self.given("maxSurge")).map_or(self.landing.object.place(), |node| node.span);
        Finding::new(&CODE, span, format!("{id} may have neither a pod more nor a pod less: no update could begin"))
            .weighs(Severity::Error)
            .note("the API server refuses `maxSurge` and `maxUnavailable` that are both 0")
            .help("maxUnavailable: 1")
    }

    fn told(&self, count: usize, cause: Cause) -> Finding {
        let id = &self.landing.object.id;
        let finding = Finding::new(&CODE, cause.span, format!("an update of {id} can never end: the new pod finds no place beside the old"));
        let finding = finding.label(cause.label).note(cause.note);
        let pods = if count == 1 { "one pod".to_owned() } else { format!("{count} pods") };
        let finding = match self.given("maxUnavailable").or(self.node) {
            Some(node) if node.span != cause.span => finding.also(node.span, format!("of {pods}, none may be missing")),
            _ => finding.note(format!("RollingUpdate: of {pods}, none may be missing, and so the new one comes first")),
        };
        finding.help(match count {
            1 => "strategy: {type: Recreate}",
            _ => "strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}",
        })
    }
}

/// A number of pods, or a part of them.
#[derive(Clone, Copy)]
enum Share {
    Number(i64),
    Percent(i64),
}

impl Share {
    fn of(node: Option<&Node>) -> Option<Share> {
        let Some(node) = node else { return Some(Share::Percent(QUARTER)) };
        let percent = || node.as_text()?.strip_suffix('%')?.parse().ok();
        node.as_int().map(Share::Number).or_else(|| percent().map(Share::Percent))
    }

    fn of_pods(self, count: usize, up: bool) -> i64 {
        match self {
            Share::Number(number) => number,
            Share::Percent(percent) => {
                let parts = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(percent);
                (if up { parts.saturating_add(99) } else { parts }).checked_div(100).unwrap_or_default()
            }
        }
    }
}

/// What the pods' own ports, claims and rules say, whatever else runs.
fn simple(landing: &Landing<'_>, held: &[Held<'_>], count: usize) -> Option<Cause> {
    // More pods than nodes are a finding of their own.
    let full = || landing.places(held).len() == count;
    let port = landing.host_ports.first().filter(|_| full()).map(|port| Cause {
        span: port.span,
        label: "each pod takes it".to_owned(),
        note: format!("the port {}/{} is taken on each node where it may land", port.number, port.protocol),
    });
    let claim = || {
        let claims = held.iter().find_map(|held| Some((held, held.claim.filter(|claim| !claim.own)?)));
        claims.filter(|(_, claim)| claim.only("ReadWriteOncePod")).map(|(held, _)| Cause {
            span: held.what.span,
            label: "for one pod at a time".to_owned(),
            note: "the claim is ReadWriteOncePod: the new pod waits until the old one has given it up".to_owned(),
        })
    };
    let away = || {
        let mut own = landing.avoids().filter(|(topology, term)| *topology == HOSTNAME && landing.means(term, landing));
        own.find(|(_, term)| full() && term.get("matchLabelKeys").is_none()).map(|(_, term)| Cause {
            span: term.span,
            label: "the old pods are meant, too".to_owned(),
            note: "a pod of it stands on each node where it may land".to_owned(),
        })
    };
    port.or_else(claim).or_else(away)
}

/// Whether one more pod fits beside all others: tried for those that ask for something.
fn no_room(index: usize, held: &[Held<'_>], facts: &Facts<'_>, tried: &mut usize) -> Option<Cause> {
    // With a priority it may drive others out, and come first all the same.
    if facts.landings.get(index)?.pod.spec.get("priorityClassName").is_some() {
        return None;
    }
    let crowd = facts.crowd();
    let at = crowd.group(index).filter(|_| crowd.is_bounded())?;
    let (member, group) = crowd.members.get(at).zip(crowd.packing.groups.get(at))?;
    let ask = member.asks.iter().max_by_key(|ask| ask.span.is_some())?;
    let span = ask.span?;
    let Fit::Fits(left) = crowd.fit() else { return None };
    let bound = held.iter().any(|held| held.lies == Lies::FirstUse && held.claim.is_some_and(|claim| !claim.own));
    let takes = |node: &usize| left.get(*node).is_some_and(|left: &Amounts| group.asks.iter().zip(left).all(|(asked, left)| asked <= left));
    if (!bound && group.nodes.iter().any(takes)) || *tried >= TRIED {
        return None;
    }
    *tried = tried.saturating_add(1);
    // A claim of k3s' local-path binds all of its pods to one node, whichever it is.
    let ways: Vec<Vec<usize>> =
        if bound { group.nodes.iter().map(|node| vec![*node]).collect() } else { vec![group.nodes.clone()] };
    let fits = |nodes: Vec<usize>| !matches!(more(&crowd.packing, at, nodes).fit(), Fit::Cannot(_));
    if ways.into_iter().any(fits) {
        return None;
    }
    let label = "asked for once more during an update".to_owned();
    Some(Cause { span, label, note: "beside all other pods, no node has as much left".to_owned() })
}

fn more(packing: &Packing, at: usize, nodes: Vec<usize>) -> Packing {
    let mut packing = packing.clone();
    // Its own rules are looked at by themselves; a new pod need not keep away from old ones of another label.
    packing.apart.retain(|pair| *pair != (at, at));
    if let Some(group) = packing.groups.get_mut(at) {
        group.count = group.count.saturating_add(1);
        group.nodes = nodes;
    }
    packing
}

/// The API server takes one of the two, and not both (`ValidateRollingUpdateDaemonSet`); without a word, one pod may be
/// missing.
fn of_each_node(landing: &Landing<'_>) -> Option<Finding> {
    let rolling = landing.object.body.at(&["spec", "updateStrategy", "rollingUpdate"])?;
    let (surge, unavailable) = (given(rolling, "maxSurge"), given(rolling, "maxUnavailable"));
    let some = |share: Option<&Node>, unsaid: bool| match share {
        Some(share) => Share::of(Some(share)).map(|share| !matches!(share, Share::Number(0) | Share::Percent(0))),
        None => Some(unsaid),
    };
    let reason = match (some(surge, false)?, some(unavailable, true)?) {
        (true, true) => "may have a pod more on a node and a pod less",
        (false, false) => "may have neither a pod more on a node nor a pod less",
        _ => return None,
    };
    let id = &landing.object.id;
    let at = surge.or(unavailable).map_or(landing.object.place(), |node| node.span);
    Some(
        Finding::new(&CODE, at, format!("{id} {reason}: the API server refuses it"))
            .weighs(Severity::Error)
            .note("one of `maxSurge` and `maxUnavailable` is 0, and only one; without a word `maxUnavailable` is 1")
            .help("rollingUpdate: {maxUnavailable: 1}"),
    )
}

/// A DaemonSet whose new pod comes first, on a node whose port the old one has.
fn surging(landing: &Landing<'_>) -> Option<Finding> {
    let strategy = landing.object.body.at(&["spec", "updateStrategy"])?;
    let surge = strategy.at(&["rollingUpdate", "maxSurge"])?;
    let port = landing.host_ports.first()?;
    let comes_first = !matches!(Share::of(Some(surge))?, Share::Number(0) | Share::Percent(0));
    let id = &landing.object.id;
    comes_first.then(|| {
        Finding::new(&CODE, surge.span, format!("an update of {id} can never end: the new pod finds no place beside the old"))
            .label("the new pod comes first")
            .also(port.span, "each pod takes it")
            .help("leave `maxSurge` out: a DaemonSet then stops the old pod first")
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const ONE: &str = "nodes: {alpha: {arch: amd64, cpu: 2, memory: 2Gi}}";
    const STUCK: &str = "an update of Deployment default/web can never end: the new pod finds no place beside the old";
    const PORT: &str = ", ports: [{containerPort: 1, hostPort: 53}]";

    fn deployment(replicas: usize, strategy: &str, container: &str, spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n{strategy}  template:\n    \
             metadata: {{labels: {{app: web}}}}\n    spec:\n      containers: [{{name: web, image: 'registry.example/web:1.0'{container}}}]\n{spec}---\n"
        )
    }

    fn rolling(surge: &str, unavailable: &str) -> String {
        format!("  strategy: {{type: RollingUpdate, rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}\n")
    }

    #[test]
    fn a_daemon_set_has_one_of_the_two() {
        let set = |rolling: &str| {
            let strategy = format!("  updateStrategy: {{rollingUpdate: {{{rolling}}}}}\n");
            let text = deployment(1, &strategy, "", "").replace("Deployment", "DaemonSet").replace("  replicas: 1\n", "");
            told(super::run, ONE, &text)
        };
        for fine in ["maxUnavailable: 2", "maxSurge: 1, maxUnavailable: 0", "maxSurge: 0", ""] {
            assert_eq!(set(fine), [""; 0], "{fine}");
        }
        for refused in ["maxUnavailable: 0", "maxSurge: 1", "maxSurge: 1, maxUnavailable: 1", "maxSurge: 0%, maxUnavailable: 0"] {
            assert_eq!(set(refused).len(), 1, "{refused}");
        }
    }

    #[test]
    fn a_port_of_each_node() {
        let of = |lines: &str, replicas: usize, strategy: &str| told(super::run, lines, &deployment(replicas, strategy, PORT, ""));
        assert_eq!(of(ONE, 1, ""), [format!("53: {STUCK}")]);
        assert_eq!(of("", 2, "").len(), 1);
        assert_eq!(of("", 1, ""), [""; 0], "a node is free");
        assert_eq!(of(ONE, 1, "  strategy: {type: Recreate}\n"), [""; 0]);
        assert_eq!(of(ONE, 1, &rolling("1", "1")), [""; 0]);
        assert_eq!(of(ONE, 1, &rolling("0", "25%")), [""; 0], "both come to nothing: one may be missing");
        assert_eq!(of(ONE, 1, &rolling("1", "100%")), [""; 0]);
        assert_eq!(of(ONE, 1, &rolling("50%", "0")).len(), 1);
        let refused = ["0: Deployment default/web may have neither a pod more nor a pod less: no update could begin"];
        assert_eq!(of("", 1, &rolling("0", "0")), refused);
        assert_eq!(of("", 1, &rolling("'0%'", "0")), refused);
        let stateful = deployment(1, "", PORT, "").replace("Deployment", "StatefulSet");
        assert_eq!(told(super::run, ONE, &stateful), [""; 0]);
    }

    #[test]
    fn a_quarter_of_four_may_be_missing() {
        let four = "nodes: {a: {arch: amd64}, b: {arch: amd64}, c: {arch: amd64}, d: {arch: amd64}}";
        assert_eq!(told(super::run, four, &deployment(4, "", PORT, "")), [""; 0]);
        assert_eq!(told(super::run, &four.replace(", d: {arch: amd64}", ""), &deployment(3, "", PORT, "")).len(), 1);
    }

    #[test]
    fn claims_and_pods_that_keep_apart() {
        let volume = "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n";
        let claim = |mode: &str| format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{accessModes: [{mode}]}}\n---\n");
        let of = |mode: &str| told(super::run, "", &(deployment(1, "", "", volume) + &claim(mode)));
        assert_eq!(of("ReadWriteOncePod"), [format!("data: {STUCK}")]);
        assert_eq!(of("ReadWriteOnce"), [""; 0]);
        let away = |more: &str| {
            format!(
                "      affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: kubernetes.io/hostname, \
                 labelSelector: {{matchLabels: {{app: web}}}}{more}}}]}}}}\n"
            )
        };
        assert_eq!(told(super::run, "", &deployment(2, "", "", &away(""))).len(), 1);
        assert_eq!(told(super::run, "", &deployment(1, "", "", &away(""))), [""; 0]);
        assert_eq!(told(super::run, "", &deployment(2, "", "", &away(", matchLabelKeys: [pod-template-hash]"))), [""; 0]);
    }

    #[test]
    fn no_room_for_one_more() {
        let asks = |memory: &str| format!(", resources: {{requests: {{memory: {memory}}}}}");
        assert_eq!(told(super::run, ONE, &deployment(1, "", &asks("1200Mi"), "")), [format!("1200Mi: {STUCK}")]);
        assert_eq!(told(super::run, ONE, &deployment(1, "", &asks("900Mi"), "")), [""; 0]);
        assert_eq!(told(super::run, ONE, &deployment(1, &rolling("1", "1"), &asks("1200Mi"), "")), [""; 0]);
        let two = "nodes: {alpha: {arch: amd64, memory: 2Gi}, beta: {arch: amd64, memory: 2Gi}}";
        assert_eq!(told(super::run, two, &deployment(1, "", &asks("1200Mi"), "")), [""; 0]);
        assert_eq!(told(super::run, two, &deployment(2, "", &asks("1200Mi"), "")).len(), 1);
        let claim = "      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n---\napiVersion: v1\nkind: \
                     PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce]}\n";
        assert_eq!(told(super::run, two, &deployment(1, "", &asks("1200Mi"), claim)).len(), 1, "both on the claim's node");
    }

    #[test]
    fn a_daemon_set_that_surges() {
        let set = |more: &str| {
            deployment(1, &format!("  updateStrategy: {{rollingUpdate: {{{more}}}}}\n"), PORT, "").replace("Deployment", "DaemonSet")
        };
        assert_eq!(told(super::run, "", &set("maxSurge: 1")).len(), 1);
        assert_eq!(told(super::run, "", &set("maxUnavailable: 1")), [""; 0]);
    }
}
