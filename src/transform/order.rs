//! `sortOptions`: the order of what comes out. Without it kustomize's command line takes the legacy order.

use crate::finding::{Finding, Findings, nearest};
use crate::transform::codes::KUSTOMIZATION_INVALID;
use crate::transform::kustomization::SortOptions;
use crate::transform::resource::{Id, Resources};

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
pub fn apply(options: Option<&SortOptions>, resources: &mut Resources, found: &mut Findings) {
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
            let own = |kinds: &[crate::yaml::Spanned<String>]| {
                kinds.iter().map(|kind| kind.value.clone()).collect()
            };
            let (first, last): (Vec<String>, Vec<String>) = match legacy {
                Some(legacy) => (own(&legacy.order_first), own(&legacy.order_last)),
                None => (FIRST.map(str::to_owned).into(), LAST.map(str::to_owned).into()),
            };
            resources.sort_by_cached_key(|resource| key(&resource.id, &first, &last));
        }
        other => {
            let Some(span) = order.map(|order| order.span).or_else(|| Some(resources.get(0)?.body.span))
            else {
                return;
            };
            let said = other.unwrap_or_default();
            let near = nearest(said, ["fifo", "legacy"]).map(|near| format!("did you mean `{near}`?"));
            told(span, format!("`order: {said}` is neither `fifo` nor `legacy`"), near);
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
