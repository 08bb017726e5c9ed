//! `sortOptions`: the order of what comes out. Without it kustomize's command line takes the legacy order.

use crate::finding::{Finding, Findings, nearest};
use crate::transform::codes::KUSTOMIZATION_INVALID;
use crate::transform::kustomization::SortOptions;
use crate::transform::resource::{Id, Resources};
use crate::yaml::Spanned;

/// Kinds that others need come first.
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that would refuse others come last.
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Sorts, or leaves them as they came.
pub fn apply(asked: Option<&Spanned<SortOptions>>, resources: &mut Resources, found: &mut Findings) {
    let options = asked.map(|asked| &asked.value);
    let legacy = options.and_then(|options| options.legacy_sort_options.as_ref());
    let order = options.and_then(|options| options.order.as_ref());
    let mut told = |span, message: String, help: Option<String>| {
        found.push(Finding::new(&KUSTOMIZATION_INVALID, span, message).maybe_help(help));
    };
    match order.map(|order| order.value.as_str()) {
        Some("fifo") => {
            let kinds = legacy.and_then(|legacy| legacy.order_first.iter().chain(&legacy.order_last).next());
            if let (Some(_), Some(order)) = (legacy, order) {
                let span = kinds.map_or(order.span, |kind| kind.span);
                told(span, "`legacySortOptions` go with `order: legacy`, not `fifo`".to_owned(), None);
            }
        }
        Some("legacy") | None if options.is_none() || order.is_some() => {
            let own = |kinds: &[Spanned<String>]| kinds.iter().map(|kind| kind.value.clone()).collect();
            let (first, last): (Vec<String>, Vec<String>) = match legacy {
                Some(legacy) => (own(&legacy.order_first), own(&legacy.order_last)),
                None => (FIRST.map(str::to_owned).into(), LAST.map(str::to_owned).into()),
            };
            resources.sort_by_cached_key(|resource| key(&resource.id, &first, &last));
        }
        other => {
            let Some(asked) = asked else { return };
            let (span, message) = match order {
                Some(order) => {
                    (order.span, format!("`order: {}` is neither `fifo` nor `legacy`", order.value))
                }
                None => (asked.span, "`sortOptions` needs an `order`: `fifo` or `legacy`".to_owned()),
            };
            let near = nearest(other.unwrap_or_default(), ["fifo", "legacy"]);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None if legacy.is_some() => "order: legacy".to_owned(),
                None => "order: fifo leaves the objects as they come".to_owned(),
            };
            told(span, message, Some(help));
        }
    }
}

/// Kinds by rank, then by group and version, then names.
fn key(id: &Id, first: &[String], last: &[String]) -> (isize, String, String) {
    let place = |kinds: &[String]| kinds.iter().rposition(|kind| *kind == id.kind);
    let signed = |number: usize| isize::try_from(number).unwrap_or(isize::MAX);
    let rank = match (place(last), place(first)) {
        (Some(at), _) => signed(at).saturating_add(1),
        (None, Some(at)) => signed(at).saturating_sub(signed(first.len())),
        (None, None) => 0,
    };
    let or = |text: &str, absent: &str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    let kind = format!("{}_{}_{}", or(id.group(), "~G"), or(id.version(), "~V"), id.kind);
    (rank, kind, format!("{}|{}", or(&id.namespace, "~X"), id.name))
}
