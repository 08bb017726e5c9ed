//! Short forms become long ones as soon as a file is read, before anything is merged (schema.md S1): short and long
//! forms then meet without loss, and the types know long forms only.

use crate::template::is_template;
use crate::yaml::{Node, Value};

/// A place in the tree, `*` for any key, and how its short form grows.
#[derive(Debug)]
pub struct Short {
    /// Keys from the root of the rows.
    pub place: &'static [&'static str],
    /// To the long form; what is long already stays as it is.
    pub long: Long,
}

/// How a short form grows.
#[derive(Clone, Copy, Debug)]
pub enum Long {
    /// `x` → `{KEY: x}`; a list where a map or text is wanted is still told as a list.
    Under(&'static str),
    /// The same for lists too.
    ListUnder(&'static str),
    /// `x` → `[x]`.
    Listed,
    /// `8080` → `{port: 8080}`, `53/UDP` → `{port: 53, protocol: UDP}`.
    Port,
    /// `x` → `{topologyKey: x}`, where `node` keeps pods on different nodes.
    Spread,
    /// What stands there has short forms of its own.
    Inside(&'static [Short]),
}

/// stack.yaml.
pub static STACK: &[Short] = &[
    Short { place: &["k3s"], long: Long::Under("version") },
    Short { place: &["network", "nodeCIDR"], long: Long::Listed },
    Short { place: &["network", "clusterCIDR"], long: Long::Listed },
    Short { place: &["network", "serviceCIDR"], long: Long::Listed },
    Short { place: &["nodes", "*", "ip"], long: Long::Listed },
    Short { place: &["nodes", "*", "externalIP"], long: Long::Listed },
    Short { place: &["nodes", "*", "publicIP"], long: Long::Listed },
    Short { place: &["ingress", "tls", "*"], long: Long::ListUnder("hosts") },
    Short { place: &["ingress", "tls", "*", "hosts"], long: Long::Listed },
    Short { place: &["ingress", "clientIP"], long: Long::Under("trust") },
    Short { place: &["ingress", "clientIP", "trust"], long: Long::Listed },
    Short { place: &["ingress", "entryPoints", "*"], long: Long::Under("port") },
    Short { place: &["ingress", "place"], long: Long::Inside(PLACE) },
    Short { place: &["secrets", "*"], long: Long::ListUnder("keys") },
    Short { place: &["defaults"], long: Long::Inside(APP) },
    Short { place: &["apps", "*"], long: Long::Inside(APP) },
];

/// An app, whatever its kind.
pub static APP: &[Short] = &[
    Short { place: &[], long: Long::Inside(CONTAINER) },
    Short { place: &["sidecars", "*"], long: Long::Inside(CONTAINER) },
    Short { place: &["init", "*"], long: Long::Inside(CONTAINER) },
    Short { place: &["services", "*"], long: Long::Under("type") },
    Short { place: &["routes", "*"], long: Long::ListUnder("host") },
    Short { place: &["routes", "*", "host"], long: Long::Listed },
    Short { place: &["strategy"], long: Long::Under("type") },
    Short { place: &["schedule"], long: Long::Under("cron") },
    Short { place: &["place"], long: Long::Inside(PLACE) },
];

/// A container: the app's main one, a sidecar, an init container.
static CONTAINER: &[Short] = &[
    Short { place: &["env", "*"], long: Long::Under("value") },
    Short { place: &["ports", "*"], long: Long::Port },
    Short { place: &["volumes", "*"], long: Long::Inside(VOLUME) },
    Short { place: &["probes", "*", "httpGet"], long: Long::Under("path") },
    Short { place: &["probes", "*", "tcpSocket"], long: Long::Under("port") },
    Short { place: &["probes", "*", "grpc"], long: Long::Under("port") },
    Short { place: &["securityContext"], long: Long::Under("profile") },
];

/// A volume, also under a key of a kind's own, such as minio's `data`.
pub static VOLUME: &[Short] = &[
    Short { place: &["hostPath"], long: Long::Under("path") },
    Short { place: &["pvc"], long: Long::Under("size") },
    Short { place: &["emptyDir"], long: Long::Under("sizeLimit") },
    Short { place: &["configMap"], long: Long::Under("name") },
    Short { place: &["secret"], long: Long::Under("name") },
];

static PLACE: &[Short] = &[
    Short { place: &["role"], long: Long::Listed },
    Short { place: &["node"], long: Long::Listed },
    Short { place: &["arch"], long: Long::Listed },
    Short { place: &["labels", "*"], long: Long::Listed },
    Short { place: &["not"], long: Long::Inside(TERMS) },
    Short { place: &["prefer"], long: Long::Inside(TERMS) },
    Short { place: &["spread"], long: Long::Spread },
];

static TERMS: &[Short] = &[
    Short { place: &["role"], long: Long::Listed },
    Short { place: &["node"], long: Long::Listed },
    Short { place: &["arch"], long: Long::Listed },
    Short { place: &["labels", "*"], long: Long::Listed },
];

/// Grows every short form of a file. What has grown stays as it is when that is done again.
pub fn expand(root: &mut Node, rows: &[Short]) {
    for row in rows {
        grow(root, row.place, row.long);
    }
}

fn grow(node: &mut Node, place: &[&str], long: Long) {
    let Some((key, rest)) = place.split_first() else {
        return replace(node, |node| long.of(node));
    };
    let Some(map) = node.as_map_mut() else { return };
    if *key == "*" {
        map.entries.iter_mut().for_each(|entry| grow(&mut entry.value, rest, long));
    } else if let Some(next) = map.get_mut(key) {
        grow(next, rest, long);
    }
}

impl Long {
    fn of(self, mut node: Node) -> Node {
        match self {
            Long::Under(key) => scalar_under(key, node),
            Long::ListUnder(key) => under(key, node),
            Long::Listed => listed(node),
            Long::Port => port(node),
            Long::Spread => spread(node),
            Long::Inside(rows) => {
                expand(&mut node, rows);
                node
            }
        }
    }
}

fn replace(node: &mut Node, change: impl FnOnce(Node) -> Node) {
    let hole = Node::null(node.span);
    let old = std::mem::replace(node, hole);
    *node = change(old);
}

/// Maps and null stay.
fn under(key: &'static str, node: Node) -> Node {
    match node.value {
        Value::Map(_) | Value::Null => node,
        _ => Node::map(node.span, [(key, node)]),
    }
}

fn scalar_under(key: &'static str, node: Node) -> Node {
    match node.value {
        Value::List(_) => node,
        _ => under(key, node),
    }
}

/// Lists, maps and null stay; so does what one template alone will make, which may be a list (schema.md S8). Whoever fills
/// templates grows short forms once more.
fn listed(node: Node) -> Node {
    match &node.value {
        Value::List(_) | Value::Map(_) | Value::Null => node,
        Value::Text(text) if is_template(text) => node,
        _ => Node::list(node.span, [node]),
    }
}

fn port(node: Node) -> Node {
    let span = node.span;
    let split = node.as_text().and_then(|text| text.rsplit_once('/'));
    let Some((number, protocol)) = split.filter(|(_, protocol)| matches!(*protocol, "TCP" | "UDP" | "SCTP"))
    else {
        return scalar_under("port", node);
    };
    let at = number.len();
    // `53` is a number again once its protocol is cut off; `{{ n }}` stays text for its template.
    let value = crate::yaml::scalar::plain(number).into_value(number.into()).unwrap_or(Value::Null);
    let port = Node { span: span.part(0, at), value };
    let protocol = Node::text(span.part(at.saturating_add(1), usize::MAX), protocol.to_owned());
    Node::map(span, [("port", port), ("protocol", protocol)])
}

fn spread(node: Node) -> Node {
    match node.as_text() {
        Some("node") => {
            Node::map(node.span, [("topologyKey", Node::text(node.span, "kubernetes.io/hostname"))])
        }
        _ => scalar_under("topologyKey", node),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;

    #[test]
    fn what_has_grown_stays() {
        let mut app = tree(&json!({
            "env": {"A": "x"},
            "ports": {"dns": "53/UDP", "http": 80},
            "volumes": {"/data": {"hostPath": "/srv"}, "/x": {"pvc": "1Gi"}},
            "probes": {"liveness": {"httpGet": "/"}},
            "services": {"web": "NodePort"},
            "routes": {"web": "web.example.org", "other": ["a.example.org"]},
            "strategy": "Recreate",
            "schedule": "@daily",
            "securityContext": "restricted",
            "place": {"role": "s3", "spread": "node", "not": {"node": "alpha"}},
        }));
        expand(&mut app, APP);
        let once = app.clone();
        expand(&mut app, APP);
        assert!(app.same(&once));
        assert!(once.at(&["routes", "web", "host"]).is_some_and(|hosts| hosts.items().len() == 1));
    }

    #[test]
    fn a_template_may_make_the_list() {
        let mut app = tree(&json!({"place": {"node": "{{ nodes_of_mine }}", "role": "s3"}}));
        expand(&mut app, APP);
        assert_eq!(app.text_at(&["place", "node"]), Some("{{ nodes_of_mine }}"));
        assert_eq!(app.at(&["place", "role"]).map(|role| role.items().len()), Some(1));
    }
}
