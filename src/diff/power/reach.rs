//! What can be reached from outside, and through what.

use super::{Powers, Told};
use crate::yaml::Node;

/// Types of Services that are reached from outside of the cluster.
const OPEN: [&str; 2] = ["LoadBalancer", "NodePort"];

impl Powers {
    pub(super) fn middlewares(&mut self, body: &Node) {
        for route in body.at(&["spec", "routes"]).map_or(&[][..], Node::items) {
            let rule = route.text_at(&["match"]).unwrap_or_default();
            for middleware in route.get("middlewares").map_or(&[][..], Node::items) {
                let name = middleware.text_at(&["name"]).unwrap_or_default();
                let sentence = format!("{rule} goes through the middleware");
                self.add("middleware", Told::Change, sentence, name, middleware.span);
            }
        }
    }

    pub(super) fn service(&mut self, body: &Node) {
        let Some(spec) = body.get("spec") else { return };
        let kind = spec.get("type").filter(|kind| kind.as_text().is_some_and(|kind| OPEN.contains(&kind)));
        let outside = spec.get("externalIPs").or(kind);
        let Some(outside) = outside else { return };
        for port in spec.get("ports").map_or(&[][..], Node::items) {
            let item = port.get("port").and_then(Node::written).unwrap_or_default();
            let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
            let sentence = "it can be reached from outside of the cluster, on the port";
            self.add("open port", Told::Power, sentence, format!("{item}/{protocol}"), outside.span);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::power::calls;
    use crate::diff::power::trial::{made, told};

    #[test]
    fn ports_and_middlewares() {
        let service = |kind: &str| {
            made(
                "v1",
                "Service",
                &json!({"spec": {"type": kind, "ports": [{"port": 53, "protocol": "UDP"}]}}),
            )
        };
        assert_eq!(
            told(&calls(Some(&service("ClusterIP")), Some(&service("LoadBalancer")))),
            ["+ open port: it can be reached from outside of the cluster, on the port 53/UDP"]
        );
        let route = |middlewares: Json| {
            let routes = json!([{"match": "Host(`a`)", "middlewares": middlewares}]);
            made("traefik.io/v1alpha1", "IngressRoute", &json!({"spec": {"routes": routes}}))
        };
        assert_eq!(
            told(&calls(Some(&route(json!([{"name": "auth"}]))), Some(&route(json!([]))))),
            ["- middleware: Host(`a`) goes through the middleware auth"]
        );
    }
}
