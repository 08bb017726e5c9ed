//! Ports of its node that a pod takes.

use crate::kube::{Container, Pod, Role};
use crate::source::Span;
use crate::yaml::Node;

/// What stands for every address of the node.
const ANY: [&str; 2] = ["", "0.0.0.0"];

/// A port of the node.
#[derive(Clone, Copy, Debug)]
pub struct HostPort<'a> {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'a str,
    /// The address of the node; empty for every one.
    pub address: &'a str,
    /// The number, above 0.
    pub number: i64,
    /// Where it is written.
    pub span: Span,
    /// The port's name, or its container's.
    pub by: &'a str,
}

impl HostPort<'_> {
    /// Whether the two cannot be had on one node, as the scheduler sees it.
    pub fn clashes(&self, other: &HostPort<'_>) -> bool {
        let any = |port: &HostPort<'_>| ANY.contains(&port.address);
        (self.protocol, self.number) == (other.protocol, other.number)
            && (any(self) || any(other) || self.address == other.address)
    }
}

impl<'a> Container<'a> {
    /// Whether it runs as long as the pod: init containers run one after another, but for sidecars among them.
    pub fn is_lasting(&self) -> bool {
        match self.role {
            Role::Main => true,
            Role::Init => self.node.text_at(&["restartPolicy"]) == Some("Always"),
            Role::Ephemeral | Role::Volume => false,
        }
    }

    /// Its ports.
    pub fn ports(&self) -> &'a [Node] {
        self.node.get("ports").map_or(&[][..], Node::items)
    }
}

impl<'a> Pod<'a> {
    /// Each port of the node that the pod takes. On the node's network a container's port is the node's.
    pub fn host_ports(&self) -> Vec<HostPort<'a>> {
        let network = self.host_network();
        let lasting = self.containers().filter(Container::is_lasting);
        let ports = lasting.flat_map(|container| container.ports().iter().map(move |port| (container, port)));
        let taken = ports.filter_map(|(container, port)| {
            let given = port.get("hostPort").filter(|given| given.as_int() != Some(0));
            let node = given.or_else(|| port.get("containerPort").filter(|_| network))?;
            Some(HostPort {
                protocol: port.text_at(&["protocol"]).unwrap_or("TCP"),
                address: port.text_at(&["hostIP"]).unwrap_or_default(),
                number: node.as_int().filter(|number| *number != 0)?,
                span: node.span,
                by: port.text_at(&["name"]).unwrap_or(container.name),
            })
        });
        taken.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kube::tree::object;

    fn taken(spec: &Value) -> Vec<String> {
        let object = object("v1", "Pod", spec);
        let ports = Pod::of(&object).unwrap().host_ports();
        ports
            .iter()
            .map(|port| format!("{} {}/{} {}", port.by, port.number, port.protocol, port.address))
            .collect()
    }

    #[test]
    fn host_ports_and_ports_on_the_nodes_network() {
        let ports = json!([
            {"containerPort": 80}, {"containerPort": 53, "hostPort": 53, "protocol": "UDP", "hostIP": "10.0.0.1", "name": "dns"},
            {"containerPort": 81, "hostPort": 0},
        ]);
        let spec = |more: Value| {
            let mut spec = json!({"containers": [{"name": "web", "ports": ports}]});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            spec
        };
        assert_eq!(taken(&spec(json!({}))), ["dns 53/UDP 10.0.0.1"]);
        let own = ["web 80/TCP ", "dns 53/UDP 10.0.0.1", "web 81/TCP "];
        assert_eq!(taken(&spec(json!({"hostNetwork": true}))), own);
        let init = json!([
            {"name": "first", "ports": [{"containerPort": 1, "hostPort": 1}]},
            {"name": "side", "restartPolicy": "Always", "ports": [{"containerPort": 2, "hostPort": 2}]},
        ]);
        assert_eq!(taken(&spec(json!({"initContainers": init}))), ["side 2/TCP ", "dns 53/UDP 10.0.0.1"]);
    }

    #[test]
    fn one_number_of_one_protocol_on_one_address() {
        let object = object("v1", "Pod", &json!({}));
        let span = object.body.span;
        let port = |protocol, address, number| HostPort { protocol, address, number, span, by: "" };
        let any = port("TCP", "", 80);
        for (other, clashes) in [
            (port("TCP", "", 80), true),
            (port("TCP", "0.0.0.0", 80), true),
            (port("TCP", "10.0.0.1", 80), true),
            (port("UDP", "", 80), false),
            (port("TCP", "", 81), false),
        ] {
            assert_eq!((any.clashes(&other), other.clashes(&any)), (clashes, clashes), "{other:?}");
        }
        assert!(!port("TCP", "10.0.0.1", 80).clashes(&port("TCP", "10.0.0.2", 80)));
    }
}
