//! The Deployment.

use super::meta::{app_object, own_name};
use super::pod;
use crate::finding::Findings;
use crate::kube::Object;
use crate::stack::{App, Stack, StrategyKind};
use crate::yaml::{Build, Node};

/// Enough to go back twice; Kubernetes' ten clutter a small cluster (schema.md S12).
const HISTORY: i64 = 3;

/// The Deployment of an app.
pub(super) fn deployment(app: &App, stack: &Stack, found: &mut Findings) -> Object {
    let span = app.kind.span;
    let selector =
        Build::at(span).with("matchLabels", Build::at(span).text("app", app.name.clone()).node()).node();
    let replicas = app.pod.replicas.as_ref().map_or_else(|| Node::int(span, 1), Node::from);
    let spec = Build::at(span)
        .with("replicas", replicas)
        .int("revisionHistoryLimit", HISTORY)
        .with("selector", selector)
        .maybe("strategy", strategy(app))
        .with("template", pod::template(app, stack, found))
        .node();
    app_object(app, stack, ("apps/v1", "Deployment"), &own_name(app), vec![("spec", spec)])
}

/// What the user says; else Recreate where two pods would share a folder of the node (schema.md S7).
fn strategy(app: &App) -> Option<Node> {
    if let Some(strategy) = &app.pod.strategy {
        let kind = match strategy.kind.value {
            StrategyKind::Recreate => "Recreate",
            StrategyKind::RollingUpdate => "RollingUpdate",
        };
        let build = Build::at(strategy.kind.span).text("type", kind);
        return Some(build.maybe("rollingUpdate", strategy.rolling_update.clone()).node());
    }
    let data = app
        .container
        .volumes
        .iter()
        .find(|(_, volume)| volume.host_path.is_some() && !volume.read_only.unwrap_or(false));
    data.map(|(path, _)| Build::at(path.span).text("type", "Recreate").node())
}
