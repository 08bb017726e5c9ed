//! Ports on every node that the API server does not give.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A nodePort outside of the cluster's range.
pub static CODE: Code = Code {
    name: "node-port-outside",
    severity: Severity::Error,
    page: Page {
        about: "A Service asks for a nodePort outside of the range that the API server gives: k3s' own\n\
                `service-node-port-range`, 30000-32767 unless the servers were set up with another\n\
                (`network.nodePortRange`). It refuses the Service as a whole.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              ports: {http: {port: 80, nodePort: 8080}}\nservices: {web: NodePort}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               ports: {http: {port: 80, nodePort: 30080}}\nservices: {web: NodePort}\n",
    },
};

/// Tells each. 0 is no wish: Kubernetes chooses.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let (range, written) = &facts.stack.network.node_ports;
    let outside = |port: &&Node| {
        port.as_int().is_some_and(|port| port != 0 && !u16::try_from(port).is_ok_and(|port| range.contains(&port)))
    };
    for object in facts.of("Service") {
        let ports = object.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
        let wished = ports.iter().filter_map(|port| port.get("nodePort"));
        let wished = wished.chain(object.body.at(&["spec", "healthCheckNodePort"]));
        for port in wished.filter(outside) {
            let (first, last) = (range.start(), range.end());
            let message =
                format!("{} is no nodePort: the cluster gives {first} to {last}", port.written().unwrap_or_default());
            let finding = Finding::new(&CODE, port.span, message)
                .label(format!("the API server refuses {} for it", object.id))
                .help(format!("choose one from {first} to {last}, or leave it out: Kubernetes then chooses"))
                .help("a port of the pod's own node may be any other one: hostPort");
            found.push(match written {
                Some(span) => finding.also(*span, "this range"),
                None => finding.note("nodePortRange is not written: this is k3s' default"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn the_clusters_own_range_counts() {
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{type: NodePort, {spec}}}\n")
        };
        let ports = service("ports: [{port: 80, nodePort: 8080}, {port: 81, nodePort: 30080}, {port: 82, nodePort: 0}]");
        let other = service("ports: [{port: 80}], healthCheckNodePort: 32768");
        let told = |network: &str, service: &str| told(super::run, network, service);
        assert_eq!(told("", &ports), ["8080: 8080 is no nodePort: the cluster gives 30000 to 32767"]);
        assert_eq!(told("", &other), ["32768: 32768 is no nodePort: the cluster gives 30000 to 32767"]);
        let network = "network: {nodePortRange: 8000-9000}";
        assert_eq!(told(network, &ports), ["30080: 30080 is no nodePort: the cluster gives 8000 to 9000"]);
        assert_eq!(told("network: {nodePortRange: 1-65535}", &ports), [""; 0]);
    }
}
