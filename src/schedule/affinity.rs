//! Required node affinity: terms, of which one must match; in a term, requirements that must all hold
//! (`component-helpers/scheduling/corev1/nodeaffinity`).

use super::{Reason, Rule};
use crate::finding::Label;
use crate::kube::Machine;
use crate::kube::field::{given, list, map, wrong};
use crate::kube::{Pod, Requirement};
use crate::source::Span;
use crate::yaml::Node;

/// A requirement and what of a machine it looks at.
enum Looks<'a> {
    Label(Requirement<'a>),
    Name(Requirement<'a>),
}

pub(super) fn check(pod: &Pod, machine: &Machine) -> Result<(), Reason> {
    match pod.required_affinity() {
        Ok(Some(required)) => against(required, machine),
        _ => Ok(()),
    }
}

/// The same of what stands under `required`.
pub(super) fn against(required: &Node, machine: &Machine) -> Result<(), Reason> {
    let Ok(terms) = terms(required) else { return Ok(()) };
    let mut misses = Vec::new();
    for node in terms {
        let Ok(term) = term(node) else { return Ok(()) };
        match miss(node, &term, machine) {
            Some(miss) => misses.push(miss),
            None => return Ok(()),
        }
    }
    misses.dedup_by(|a, b| a.1 == b.1);
    let (span, text) = match &misses[..] {
        [] => (required.span, "meets no term, for none is listed".into()),
        [(span, text)] => (*span, text.clone()),
        _ => {
            let texts: Vec<_> = misses.iter().map(|(_, text)| text.as_str()).collect();
            (required.span, format!("meets no term: {}", texts.join("; ")))
        }
    };
    Err(Reason { rule: Rule::Affinity, span, text })
}

pub(super) fn problems(pod: &Pod, found: &mut Vec<Label>) {
    match pod.required_affinity() {
        Ok(None) => {}
        Ok(Some(required)) => required_problems(required, found),
        Err(wrong) => found.push(wrong),
    }
    match pod.preferred_affinity().map_or(Ok(&[][..]), list) {
        Ok(items) => {
            let preferences = items.iter().filter_map(|item| given(item, "preference"));
            found.extend(preferences.filter_map(|preference| term(preference).err()).flatten());
        }
        Err(wrong) => found.push(wrong),
    }
}

fn required_problems(required: &Node, found: &mut Vec<Label>) {
    match terms(required) {
        Ok([]) => found.push(wrong(required, "`nodeSelectorTerms` is empty, which matches no node")),
        Ok(terms) => {
            for node in terms {
                match term(node) {
                    Ok(term) if term.is_empty() => found.push(wrong(node, "an empty term matches no node")),
                    Ok(_) => {}
                    Err(wrong) => found.extend(wrong),
                }
            }
        }
        Err(wrong) => found.push(wrong),
    }
}

fn terms(required: &Node) -> Result<&[Node], Label> {
    given(required, "nodeSelectorTerms").map_or(Ok(&[]), list)
}

/// All requirements of a term, or all that is wrong with it.
fn term(node: &Node) -> Result<Vec<Looks<'_>>, Vec<Label>> {
    map(node).map_err(|wrong| vec![wrong])?;
    let items = |key| given(node, key).map_or(Ok(&[][..]), list).map_err(|wrong| vec![wrong]);
    let labels = items("matchExpressions")?.iter().map(|item| Requirement::on_label(item).map(Looks::Label));
    let names = items("matchFields")?.iter().map(|item| Requirement::on_field(item).map(Looks::Name));
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for read in labels.chain(names) {
        match read {
            Ok(requirement) => all.push(requirement),
            Err(label) => wrong.push(label),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}

/// The first requirement that the machine does not meet; none where the term matches.
fn miss(node: &Node, term: &[Looks], machine: &Machine) -> Option<(Span, String)> {
    if term.is_empty() {
        return Some((node.span, "cannot meet an empty term".into()));
    }
    term.iter().find_map(|looks| {
        let (requirement, value) = match looks {
            Looks::Label(requirement) => (requirement, machine.labels.get(requirement.key)),
            Looks::Name(requirement) => (requirement, Some(&machine.name)),
        };
        let value = value.map(String::as_str);
        (!requirement.holds(value)).then(|| (requirement.span, requirement.why_not(value)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::schedule::may;
    use crate::schedule::tests::{deployment, machine, troubles, verdict};

    const LABELS: [&str; 4] =
        ["kubernetes.io/arch=arm64", "node-role.kubernetes.io/s3=true", "cores=4", "empty="];

    fn required(terms: &Value) -> Value {
        let required = json!({"nodeSelectorTerms": terms});
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}})
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
        json!({"key": key, "operator": operator, "values": values})
    }

    /// One requirement on a label: every operator, met and missed.
    #[test]
    #[rustfmt::skip] // a table
    fn operators() {
        for (key, operator, values, expected) in [
            ("kubernetes.io/arch", "In", &["amd64", "arm64"][..], ""),
            ("kubernetes.io/arch", "In", &["amd64"], "label kubernetes.io/arch is `arm64`, not `amd64`"),
            ("gpu", "In", &["a"], "has no label gpu"),
            // k3s's roles are `true`, kubeadm's are empty
            ("node-role.kubernetes.io/s3", "In", &[""], "label node-role.kubernetes.io/s3 is `true`, not ``"),
            ("node-role.kubernetes.io/s3", "Exists", &[], ""),
            ("kubernetes.io/arch", "NotIn", &["amd64"], ""),
            ("kubernetes.io/arch", "NotIn", &["arm64"], "label kubernetes.io/arch is `arm64`, which is ruled out"),
            ("gpu", "NotIn", &["a"], ""),
            ("empty", "Exists", &[], ""),
            ("gpu", "Exists", &[], "has no label gpu"),
            ("gpu", "DoesNotExist", &[], ""),
            ("empty", "DoesNotExist", &[], "has the label empty"),
            ("cores", "Gt", &["3"], ""),
            ("cores", "Gt", &["003"], ""),
            ("cores", "Gt", &["4"], "label cores is `4`, not greater than `4`"),
            ("gpu", "Gt", &["3"], "has no label gpu"),
            ("empty", "Gt", &["3"], "label empty is ``, which is no whole number"),
            ("cores", "Lt", &["5"], ""),
            ("cores", "Lt", &["4"], "label cores is `4`, not less than `4`"),
            ("gpu", "Lt", &["5"], "has no label gpu"),
            ("kubernetes.io/arch", "Lt", &["5"], "label kubernetes.io/arch is `arm64`, which is no whole number"),
        ] {
            let spec = required(&json!([{"matchExpressions": [expression(key, operator, values)]}]));
            let expected = if expected.is_empty() { String::new() } else { format!("affinity: {expected}") };
            assert_eq!(verdict(&deployment(&spec), &machine(&LABELS, &[])), expected, "{spec}");
            assert_eq!(troubles(&spec), [""; 0], "{spec}");
        }
    }

    /// Terms are alternatives, what is in a term holds together.
    #[test]
    #[rustfmt::skip] // a table
    fn terms_and_fields() {
        let arm = || expression("kubernetes.io/arch", "In", &["arm64"]);
        let amd = || expression("kubernetes.io/arch", "In", &["amd64"]);
        let gpu = || expression("gpu", "Exists", &[]);
        let name = |operator, name| expression("metadata.name", operator, &[name]);
        for (terms, expected, why) in [
            (json!([{"matchExpressions": [arm()]}]), "", "one term"),
            (json!([{"matchExpressions": [amd()]}, {"matchExpressions": [arm()]}]), "", "either"),
            (
                json!([{"matchExpressions": [amd()]}, {"matchExpressions": [gpu()]}]),
                "meets no term: label kubernetes.io/arch is `arm64`, not `amd64`; has no label gpu",
                "neither",
            ),
            (json!([{"matchExpressions": [gpu(), arm()]}, {"matchExpressions": [gpu()]}]), "has no label gpu", "one reason, told once"),
            (json!([{"matchExpressions": [arm(), gpu()]}]), "has no label gpu", "all of a term"),
            (json!([{"matchExpressions": [arm(), amd()]}]), "label kubernetes.io/arch is `arm64`, not `amd64`", "a key twice: both hold"),
            (json!([{}, {"matchExpressions": [arm()]}]), "", "an empty term is skipped"),
            (json!([{}]), "cannot meet an empty term", "an empty term alone"),
            (json!([{"matchExpressions": [], "matchFields": []}]), "cannot meet an empty term", "empty lists are an empty term"),
            (json!([]), "meets no term, for none is listed", "no terms"),
            (json!(null), "meets no term, for none is listed", "null terms"),
            (json!([{"matchFields": [name("In", "oracle")]}]), "", "its name"),
            (json!([{"matchFields": [name("In", "other")]}]), "its name is `oracle`, not `other`", "another name"),
            (json!([{"matchFields": [name("NotIn", "other")]}]), "", "not that name"),
            (json!([{"matchFields": [name("NotIn", "oracle")]}]), "its name is `oracle`, which is ruled out", "its name is ruled out"),
            (json!([{"matchFields": [name("In", "other")]}, {"matchExpressions": [arm()]}]), "", "a name or a label"),
            (json!([{"matchFields": [name("In", "oracle")], "matchExpressions": [gpu()]}]), "has no label gpu", "a name and a label"),
            (json!([{"matchFields": [name("In", "other")], "matchExpressions": [arm()]}]), "its name is `oracle`, not `other`", "a label and a name"),
        ] {
            let expected = if expected.is_empty() { String::new() } else { format!("affinity: {expected}") };
            assert_eq!(verdict(&deployment(&required(&terms)), &machine(&LABELS, &[])), expected, "{why}");
        }
    }

    #[test]
    fn absent_or_preferred_is_no_constraint() {
        let preference = json!({"matchExpressions": [expression("gpu", "Exists", &[])]});
        let preferred = json!([{"weight": 100, "preference": preference}]);
        for spec in [
            json!({"affinity": null}),
            json!({"affinity": {"nodeAffinity": {}}}),
            json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": null}}}),
            json!({"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}),
        ] {
            assert_eq!(verdict(&deployment(&spec), &machine(&LABELS, &[])), "", "{spec}");
            assert_eq!(troubles(&spec), [""; 0], "{spec}");
        }
    }

    /// What the scheduler would take for false is told, and shuts none out.
    #[test]
    #[rustfmt::skip] // a table
    fn what_cannot_be_read() {
        let many = || expression("cores", "Gt", &["many"]);
        let gpu = || json!({"matchExpressions": [expression("gpu", "Exists", &[])]});
        let nodes = |value| json!({"affinity": {"nodeAffinity": value}});
        let hard = |value| nodes(json!({"requiredDuringSchedulingIgnoredDuringExecution": value}));
        let soft = |value| nodes(json!({"preferredDuringSchedulingIgnoredDuringExecution": value}));
        for (spec, expected) in [
            (json!({"affinity": []}), &["a map is wanted here, this is a list"][..]),
            (nodes(json!("x")), &["a map is wanted here, this is text"]),
            (hard(json!([gpu()])), &["a map is wanted here, this is a list"]),
            (soft(gpu()), &["a list is wanted here, this is a map"]),
            (
                soft(json!([{"weight": 1, "preference": {"matchExpressions": [many()]}}])),
                &["`Gt` compares 64-bit whole numbers, `many` is none"],
            ),
            (required(&gpu()), &["a list is wanted here, this is a map"]),
            (required(&json!([gpu(), "x"])), &["a map is wanted here, this is text"]),
            (required(&json!([{"matchExpressions": many()}])), &["a list is wanted here, this is a map"]),
            (required(&json!([{"matchExpressions": [many()]}])), &["`Gt` compares 64-bit whole numbers, `many` is none"]),
            // all that is wrong with a term is told
            (
                required(&json!([{"matchExpressions": [many(), expression("a", "Equals", &[])], "matchFields": [many()]}])),
                &[
                    "`Gt` compares 64-bit whole numbers, `many` is none",
                    "`Equals` is no operator: `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`",
                    "`matchFields` takes `metadata.name` only, not `cores`",
                ],
            ),
        ] {
            assert_eq!(verdict(&deployment(&spec), &machine(&LABELS, &[])), "", "{spec}");
            assert_eq!(troubles(&spec), expected, "{spec}");
        }
    }

    #[test]
    fn what_matches_nothing_is_told() {
        let gpu = json!({"matchExpressions": [expression("gpu", "Exists", &[])]});
        assert_eq!(troubles(&required(&json!([]))), ["`nodeSelectorTerms` is empty, which matches no node"]);
        assert_eq!(troubles(&required(&json!([{}, gpu]))), ["an empty term matches no node"]);
    }

    #[test]
    fn the_reason_stands_at_the_requirement() {
        let both = [expression("cores", "Exists", &[]), expression("gpu", "Exists", &[])];
        let object = deployment(&required(&json!([{"matchExpressions": both}])));
        let pod = Pod::of(&object).expect("a pod");
        let reason = may(&pod, &machine(&LABELS, &[])).expect_err("no label gpu");
        let required = pod.required_affinity().ok().flatten().expect("required");
        let term = &required.get("nodeSelectorTerms").expect("terms").items()[0];
        let second = &term.get("matchExpressions").expect("expressions").items()[1];
        assert_eq!(reason.span, second.span);
    }
}
