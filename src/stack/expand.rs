//! Short forms become long ones as soon as a file is read, before anything is merged (schema.md S1): short and long
//! forms then meet without loss, and the types know long forms only.

use crate::yaml::{Node, Value};

/// A place in the tree, `*` for any key, and how its short form grows.
pub struct Short {
    /// Keys from the root of the file.
    pub place: &'static [&'static str],
    /// From whatever stands there to the long form; what is long already comes back as it is.
    pub long: fn(Node) -> Node,
}

/// stack.yaml.
pub static STACK: &[Short] = &[
    Short { place: &["k3s"], long: |node| scalar_under("version", node) },
    Short { place: &["network", "nodeCIDR"], long: listed },
    Short { place: &["network", "clusterCIDR"], long: listed },
    Short { place: &["network", "serviceCIDR"], long: listed },
    Short { place: &["nodes", "*", "ip"], long: listed },
    Short { place: &["nodes", "*", "externalIP"], long: listed },
    Short { place: &["nodes", "*", "publicIP"], long: listed },
    Short { place: &["ingress", "tls", "*"], long: |node| under("hosts", listed(node)) },
    Short { place: &["ingress", "clientIP"], long: |node| scalar_under("trust", node) },
    Short { place: &["ingress", "clientIP", "trust"], long: listed },
    Short { place: &["ingress", "entryPoints", "*"], long: |node| scalar_under("port", node) },
    Short { place: &["ingress", "place"], long: place },
    Short { place: &["secrets", "*"], long: |node| under("keys", node) },
];

/// An app, whatever its kind.
pub static APP: &[Short] = &[
    Short { place: &[], long: container },
    Short { place: &["sidecars", "*"], long: container },
    Short { place: &["init", "*"], long: container },
    Short { place: &["services", "*"], long: |node| scalar_under("type", node) },
    Short { place: &["routes", "*"], long: |node| under("host", node) },
    Short { place: &["routes", "*", "host"], long: listed },
    Short { place: &["strategy"], long: |node| scalar_under("type", node) },
    Short { place: &["schedule"], long: |node| scalar_under("cron", node) },
    Short { place: &["place"], long: place },
];

/// A container: the app's main one, a sidecar, an init container.
static CONTAINER: &[Short] = &[
    Short { place: &["env", "*"], long: |node| scalar_under("value", node) },
    Short { place: &["ports", "*"], long: port },
    Short { place: &["volumes", "*"], long: volume },
    Short { place: &["probes", "*", "httpGet"], long: |node| scalar_under("path", node) },
    Short { place: &["probes", "*", "tcpSocket"], long: |node| scalar_under("port", node) },
    Short { place: &["probes", "*", "grpc"], long: |node| scalar_under("port", node) },
    Short { place: &["securityContext"], long: |node| scalar_under("profile", node) },
];

static VOLUME: &[Short] = &[
    Short { place: &["hostPath"], long: |node| scalar_under("path", node) },
    Short { place: &["pvc"], long: |node| scalar_under("size", node) },
    Short { place: &["emptyDir"], long: |node| scalar_under("sizeLimit", node) },
    Short { place: &["configMap"], long: |node| scalar_under("name", node) },
    Short { place: &["secret"], long: |node| scalar_under("name", node) },
];

static PLACE: &[Short] = &[
    Short { place: &["role"], long: listed },
    Short { place: &["node"], long: listed },
    Short { place: &["arch"], long: listed },
    Short { place: &["labels", "*"], long: listed },
    Short { place: &["not"], long: terms },
    Short { place: &["prefer"], long: terms },
    Short { place: &["spread"], long: spread },
];

static TERMS: &[Short] = &[
    Short { place: &["role"], long: listed },
    Short { place: &["node"], long: listed },
    Short { place: &["arch"], long: listed },
    Short { place: &["labels", "*"], long: listed },
];

fn container(mut node: Node) -> Node {
    expand(&mut node, CONTAINER);
    node
}

/// A volume, also under a key of a kind's own, such as minio's `data`.
pub fn volume(mut node: Node) -> Node {
    expand(&mut node, VOLUME);
    node
}

fn place(mut node: Node) -> Node {
    expand(&mut node, PLACE);
    node
}

fn terms(mut node: Node) -> Node {
    expand(&mut node, TERMS);
    node
}

/// `node` keeps pods on different nodes.
fn spread(node: Node) -> Node {
    match node.as_text() {
        Some("node") => {
            Node::map(node.span, [("topologyKey", Node::text(node.span, "kubernetes.io/hostname"))])
        }
        _ => scalar_under("topologyKey", node),
    }
}

/// Grows every short form of a file.
pub fn expand(root: &mut Node, rows: &[Short]) {
    for row in rows {
        grow(root, row.place, row.long);
    }
}

fn grow(node: &mut Node, place: &[&str], long: fn(Node) -> Node) {
    let Some((key, rest)) = place.split_first() else {
        return replace(node, long);
    };
    let Some(map) = node.as_map_mut() else { return };
    if *key == "*" {
        map.entries.iter_mut().for_each(|entry| grow(&mut entry.value, rest, long));
    } else if let Some(next) = map.get_mut(key) {
        grow(next, rest, long);
    }
}

fn replace(node: &mut Node, change: impl FnOnce(Node) -> Node) {
    let hole = Node::null(node.span);
    let old = std::mem::replace(node, hole);
    *node = change(old);
}

/// `x` → `{key: x}`; maps and null stay.
fn under(key: &'static str, node: Node) -> Node {
    match node.value {
        Value::Map(_) | Value::Null => node,
        _ => Node::map(node.span, [(key, node)]),
    }
}

/// `x` → `{key: x}` for scalars alone, so that a list where a map or text is wanted is still told as a list.
fn scalar_under(key: &'static str, node: Node) -> Node {
    match node.value {
        Value::List(_) => node,
        _ => under(key, node),
    }
}

/// `x` → `[x]`; lists, maps and null stay.
fn listed(node: Node) -> Node {
    match node.value {
        Value::List(_) | Value::Map(_) | Value::Null => node,
        _ => Node::list(node.span, [node]),
    }
}

/// `8080` → `{port: 8080}`, `53/UDP` → `{port: 53, protocol: UDP}`.
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
