//! Rules of IngressRoutes, for checks that know what stands behind them. No check itself.

use super::{Facts, Landing};
use crate::kube::Object;
use crate::yaml::Node;

/// A rule that leads to a Service.
pub(super) struct Rule<'a> {
    pub(super) object: &'a Object,
    node: &'a Node,
    /// The rule, as written and read.
    pub(super) written: &'a Node,
    text: &'a str,
    /// The Service and its port.
    pub(super) service: &'a str,
    pub(super) port: Option<i64>,
}

/// All rules.
pub(super) fn rules<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Rule<'a>> + use<'a> {
    let routes = facts.objects.iter().filter(|object| object.id.kind == "IngressRoute");
    let rules = routes.flat_map(|object| {
        let rules = object.body.at(&["spec", "routes"]).map_or(&[][..], Node::items);
        rules.iter().map(move |node| (object, node))
    });
    rules.filter_map(|(object, node)| {
        let service = node.get("services")?.items().first()?;
        let written = node.get("match")?;
        Some(Rule {
            object,
            node,
            written,
            text: written.as_text()?,
            service: service.text_at(&["name"])?,
            port: service.get("port").and_then(Node::as_int),
        })
    })
}

impl<'a> Rule<'a> {
    /// The hosts that it names.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.arguments("Host(`")
    }

    /// The whole path that it names, if it does.
    pub(super) fn path(&self) -> Option<&'a str> {
        self.arguments(" Path(`").next()
    }

    /// Names of its middlewares.
    pub(super) fn middlewares(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        let middlewares = self.node.get("middlewares").map_or(&[][..], Node::items);
        middlewares.iter().filter_map(|middleware| middleware.get("name"))
    }

    /// The workload behind it, where the Service has its name.
    pub(super) fn landing<'f>(&self, facts: &'f Facts<'a>) -> Option<&'f Landing<'a>> {
        facts.landings.iter().find(|landing| {
            landing.object.id.name == self.service && landing.object.id.namespace == self.object.id.namespace
        })
    }

    /// What stands in a matcher's brackets.
    fn arguments(&self, matcher: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.split(matcher).skip(1).filter_map(|rest| rest.split('`').next())
    }
}
