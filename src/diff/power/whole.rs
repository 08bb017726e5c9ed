//! Objects of which every change counts.

use super::{Call, Turn};
use crate::diff::field::equal;
use crate::kube::Object;

/// Kinds that decide who may do what: any change of them counts. The fields of `spec` that make it so, if it is not the
/// kind by itself.
const WHOLE: [(&str, &[&str], &str, &str); 11] = [
    ("NetworkPolicy", &[], "network policy", "decides which pods may be reached"),
    ("PodSecurityPolicy", &[], "admission", "decides which pods may start"),
    ("ValidatingWebhookConfiguration", &[], "admission", "decides which objects may be made"),
    ("MutatingWebhookConfiguration", &[], "admission", "changes objects when they are made"),
    ("ValidatingAdmissionPolicy", &[], "admission", "decides which objects may be made"),
    ("ValidatingAdmissionPolicyBinding", &[], "admission", "decides which objects may be made"),
    ("MutatingAdmissionPolicy", &[], "admission", "changes objects when they are made"),
    ("MutatingAdmissionPolicyBinding", &[], "admission", "changes objects when they are made"),
    ("APIService", &[], "admission", "answers for a part of the API"),
    (
        "Middleware",
        &["basicAuth", "digestAuth", "forwardAuth", "ipAllowList", "ipWhiteList"],
        "middleware",
        "decides who may come in",
    ),
    ("MiddlewareTCP", &["ipAllowList", "ipWhiteList"], "middleware", "decides who may come in"),
];

/// That one of them is new, gone or another one.
pub(super) fn whole(old: Option<&Object>, new: Option<&Object>) -> Option<Call> {
    let object = new.or(old)?;
    let decides = |object: &Object, fields: &[&str]| {
        fields.is_empty() || fields.iter().any(|field| object.body.at(&["spec", field]).is_some())
    };
    let (_, _, topic, words) = WHOLE.iter().find(|(kind, fields, ..)| {
        *kind == object.id.kind && [old, new].into_iter().flatten().any(|object| decides(object, fields))
    })?;
    let turn = match (old, new) {
        (None, _) => Turn::Gained,
        (_, None) => Turn::Lost,
        (Some(old), Some(new)) if alike(old, new) => return None,
        _ => Turn::Changed,
    };
    let place = new.map(|new| new.body.span);
    Some(Call { turn, topic, text: format!("it {words}"), place })
}

/// Whether nothing but metadata differs.
fn alike(old: &Object, new: &Object) -> bool {
    let rest = |object: &Object| {
        let mut body = object.body.clone();
        body.as_map_mut().and_then(|map| map.remove("metadata"));
        body
    };
    equal(&rest(old), &rest(new))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::diff::power::calls;
    use crate::diff::power::trial::{made, told};

    #[test]
    fn any_change_counts() {
        let policy = |n: u8| made("networking.k8s.io/v1", "NetworkPolicy", &json!({"spec": {"x": n}}));
        assert_eq!(
            told(&calls(Some(&policy(1)), Some(&policy(2)))),
            ["~ network policy: it decides which pods may be reached"]
        );
        assert!(calls(Some(&policy(1)), Some(&policy(1))).is_empty());
    }
}
